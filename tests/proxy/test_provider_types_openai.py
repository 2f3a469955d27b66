from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy import provider_types
from proxy.configuration.configuration import Provider

URLS = [
    ("https://api.openai.com", "models", "", "https://api.openai.com/v1/models"),
    ("https://api.openai.com/", "models", "", "https://api.openai.com/v1/models"),
    ("https://api.openai.com/v1", "models", "", "https://api.openai.com/v1/models"),
    ("https://api.openai.com/v1/", "models", "", "https://api.openai.com/v1/models"),
    ("http://127.0.0.1:11434", "chat/completions", "", "http://127.0.0.1:11434/v1/chat/completions"),
    ("http://[::1]:8080", "models", "", "http://[::1]:8080/v1/models"),
    ("https://api.groq.com/openai/v1", "models", "", "https://api.groq.com/openai/v1/models"),
    ("https://api.z.ai/api/paas/v4", "models", "", "https://api.z.ai/api/paas/v4/models"),
    ("https://x.test/openai/deployments/d", "models", "api-version=1", "https://x.test/openai/deployments/d/models?api-version=1"),
    ("https://x.test", "models/meta%2Fllama:free~1", "", "https://x.test/v1/models/meta%2Fllama:free~1"),
    ("https://x.test", "models", "a=&b=%20&b=+", "https://x.test/v1/models?a=&b=%20&b=+"),
    ("https://x.test", "", "", "https://x.test/v1"),
]  # fmt: skip


def provider(base: str) -> Provider:
    return Provider(1, "default", "openai", base, "sk-up")


@pytest.mark.parametrize(("base", "rest", "query", "url"), URLS)
def test_a_call_goes_to_the_base_joined_with_its_rest(base: str, rest: str, query: str, url: str) -> None:
    assert provider_types.of(provider(base)).url(provider(base), rest, query, None) == url


def test_the_providers_key_is_a_bearer_token() -> None:
    one = provider("https://x.test")
    assert provider_types.of(one).credentials(one, "sk-up") == [(b"authorization", b"Bearer sk-up")]


def test_without_a_key_there_is_no_header() -> None:
    keyless = replace(provider("https://x.test"), api_key="", params={"authentication": "none"})
    assert provider_types.of(keyless).credentials(keyless, "") == []
    assert not provider_types.of(keyless).needs_key(keyless)


def test_headers_of_the_provider_stand_instead_of_the_clients() -> None:
    given = {"headers": {"HTTP-Referer": "https://mine.example", "X-Title": "Mine"}}
    one = replace(provider("https://openrouter.ai/api/v1"), params=given)
    client = [(b"x-title", b"theirs"), (b"x-other", b"1")]
    assert provider_types.of(one).headers(one, client) == [
        (b"x-other", b"1"),
        (b"http-referer", b"https://mine.example"),
        (b"x-title", b"Mine"),
    ]
    plain = provider("https://x.test")
    assert provider_types.of(plain).headers(plain, client) is client


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"colour": 1}, "'colour' is unknown"),
        ({"authentication": "basic"}, "one of bearer, none"),
        ({"headers": []}, "object"),
        ({"headers": {"a b": "1"}}, "'a b' cannot be sent"),
        ({"headers": {"a": "1\r\nb: 2"}}, "'a' cannot be sent"),
        ({"headers": {"a": 1}}, "'a' cannot be sent"),
        ({"headers": {"Authorization": "Bearer x"}}, "a secret"),
        ({"headers": {"Content-Length": "1"}}, "by the relay itself"),
        ([], "object"),
        ({"authentication": "none", "headers": {"X-A": "b c"}}, None),
        ({}, None),
    ],
)
def test_parameters_that_cannot_work_are_refused_in_words(params: Any, words: str | None) -> None:
    refusal = provider_types.refusal_of("openai", params)
    assert refusal is None if words is None else words in str(refusal)
