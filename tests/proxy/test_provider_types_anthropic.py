from __future__ import annotations

from typing import Any

import pytest

from proxy import provider_types
from proxy.configuration.configuration import Provider
from proxy.request import endpoints

KIND = provider_types.named("anthropic")


def anthropic(**params: Any) -> Provider:
    return Provider(1, "default", "anthropic", "https://api.anthropic.com", "key", params=params)


def test_calls_are_forwarded_as_they_are_with_the_key_in_its_own_header() -> None:
    assert KIND.url(anthropic(), "messages/count_tokens", "beta=true", "m") == (
        "https://api.anthropic.com/v1/messages/count_tokens?beta=true"
    )
    assert KIND.credentials(anthropic(), "key") == [(b"x-api-key", b"key")]
    assert KIND.credentials(anthropic(authentication="bearer"), "t") == [(b"authorization", b"Bearer t")]


def test_a_version_is_added_where_the_client_sends_none() -> None:
    asked = [(b"anthropic-version", b"2025-01-01"), (b"anthropic-beta", b"x")]
    assert KIND.headers(anthropic(), asked) == asked
    assert KIND.headers(anthropic(), asked[1:]) == [asked[1], (b"anthropic-version", b"2023-06-01")]
    given = anthropic(anthropic_version="2024-02-02")
    assert KIND.headers(given, []) == [(b"anthropic-version", b"2024-02-02")]


@pytest.mark.parametrize(
    ("path", "serves", "is_home"),
    [
        ("/v1/messages", True, True),
        ("/v1/messages/count_tokens", True, True),
        ("/v1/messages/batches/b_1/results", True, True),
        ("/v1/models", True, False),
        ("/v1/chat/completions", False, False),
        ("/v1/embeddings", False, False),
    ],
)
def test_it_serves_its_own_protocol(path: str, serves: bool, is_home: bool) -> None:
    endpoint = endpoints.find(path)
    assert (KIND.serves(endpoint), KIND.is_home_of(endpoint)) == (serves, is_home)


@pytest.mark.parametrize(
    ("params", "words"),
    [({"anthropic_version": "a b"}, "anthropic_version"), ({"api_version": "x"}, "unknown"), ({}, None)],
)
def test_its_parameters_are_judged(params: Any, words: str | None) -> None:
    refusal = provider_types.refusal_of("anthropic", params)
    assert refusal is None if words is None else words in str(refusal)
