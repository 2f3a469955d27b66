from __future__ import annotations

from typing import Any

import pytest

from proxy import provider_types
from proxy.configuration.configuration import Provider

CLASSIC = {"api_version": "2024-10-21"}
HOST = "https://mine.openai.azure.com"
VERSION = "?api-version=2024-10-21"
URLS = [
    (HOST, CLASSIC, "chat/completions", "", "gpt 4/o", f"/deployments/gpt%204%2Fo/chat/completions{VERSION}"),
    (f"{HOST}/openai/", CLASSIC, "embeddings", "", "e", f"/deployments/e/embeddings{VERSION}"),
    (HOST, CLASSIC, "audio/transcriptions", "", "w", f"/deployments/w/audio/transcriptions{VERSION}"),
    (HOST, CLASSIC, "models", "", None, f"/models{VERSION}"),
    (HOST, CLASSIC, "responses", "a=1", "m", "/responses?a=1&api-version=2024-10-21"),
    (HOST, CLASSIC, "files", "api-version=2025-01-01", None, "/files?api-version=2025-01-01"),
    (HOST, {}, "chat/completions", "", "m", "/v1/chat/completions"),
    (f"{HOST}/openai/v1/", {}, "responses/r_1", "stream=true", None, "/v1/responses/r_1?stream=true"),
]  # fmt: skip


def azure(base: str = HOST, **params: Any) -> Provider:
    return Provider(1, "default", "azure", base, "key", params=params)


@pytest.mark.parametrize(("base", "params", "rest", "query", "model", "url"), URLS)
def test_a_call_goes_to_its_deployment_or_beside_them(
    base: str, params: dict[str, Any], rest: str, query: str, model: str | None, url: str
) -> None:
    one = azure(base, **params)
    assert provider_types.of(one).url(one, rest, query, model) == f"{HOST}/openai{url}"


def test_the_key_is_its_own_header_and_a_token_of_entra_is_not() -> None:
    kind = provider_types.named("azure")
    assert kind.credentials(azure(), "key") == [(b"api-key", b"key")]
    token = azure(authentication="bearer")
    assert kind.credentials(token, "eyJ0") == [(b"authorization", b"Bearer eyJ0")]
    assert kind.needs_key(token)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"api_version": 2024}, "api_version"),
        ({"api_version": "2024&x=1"}, "api_version"),
        ({"authentication": "none"}, "api-key, bearer"),
        (CLASSIC, None),
        ({"api_version": ""}, None),
    ],
)
def test_its_parameters_are_judged(params: Any, words: str | None) -> None:
    refusal = provider_types.refusal_of("azure", params)
    assert refusal is None if words is None else words in str(refusal)
