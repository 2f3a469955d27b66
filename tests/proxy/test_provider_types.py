from __future__ import annotations

import pytest

from proxy import provider_types
from proxy.configuration import Provider

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
