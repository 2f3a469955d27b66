"""What differs between kinds of providers: the URL of a call and the credentials it carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from .headers import RawHeaders
from .snapshot import Provider


class ProviderType(Protocol):
    def url(self, provider: Provider, rest: str, query: str) -> str:
        """Where `/v1/<rest>?<query>` of the client goes (both still percent-encoded)."""

    def credentials(self, provider: Provider) -> RawHeaders: ...


class OpenAI:
    """OpenAI and everything that speaks its protocol."""

    def url(self, provider: Provider, rest: str, query: str) -> str:
        url = f"{join(provider.api_base)}/{rest}" if rest else join(provider.api_base)
        return f"{url}?{query}" if query else url

    def credentials(self, provider: Provider) -> RawHeaders:
        return [(b"authorization", b"Bearer " + provider.api_key.encode())]


TYPES: dict[str, ProviderType] = {"openai": OpenAI()}


def of(provider: Provider) -> ProviderType:
    return TYPES[provider.provider_type]


@lru_cache(maxsize=1024)
def join(base: str) -> str:
    """The base without a final slash; one without a path gets /v1 (`https://api.openai.com`)."""
    base = base.rstrip("/")
    return base if urlsplit(base).path else f"{base}/v1"
