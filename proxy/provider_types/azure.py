"""Azure OpenAI: `api-key`, and one of its two surfaces.

With `api_version` the classic one, in which a model is a deployment with a path of its own; without it
`/openai/v1`, which reads the model from the body as OpenAI does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from ..headers import RawHeaders
from .openai import OpenAI

if TYPE_CHECKING:
    from ..configuration.configuration import Provider
    from ..request.endpoints import Endpoint

# Below /openai/deployments/<name>/; everything else lies beside it (Azure OpenAI REST API reference).
_OF_DEPLOYMENTS = frozenset({"chat", "completions", "embeddings", "audio", "images"})
_QUERY = "api-version="


class Azure(OpenAI):
    PARAMS: frozenset[str] | None = frozenset({"api_version", "authentication", "headers"})
    AUTHENTICATIONS: tuple[str, ...] = ("api-key", "bearer")

    def url(self, provider: Provider, rest: str, query: str, model: str | None) -> str:
        base = provider.api_base.rstrip("/").removesuffix("/v1").removesuffix("/openai")
        version = provider.params.get("api_version")
        if not version:
            return _with_query(f"{base}/openai/v1/{rest}", query)
        if model and rest.partition("/")[0] in _OF_DEPLOYMENTS:
            rest = f"deployments/{quote(model, safe='')}/{rest}"
        if _QUERY not in f"&{query}":
            query = f"{query}&{_QUERY}{version}" if query else f"{_QUERY}{version}"
        return _with_query(f"{base}/openai/{rest}", query)

    def credentials(self, provider: Provider, api_key: str) -> RawHeaders:
        """`bearer` is for the tokens of Microsoft Entra."""
        if provider.params.get("authentication") == "bearer":
            return super().credentials(provider, api_key)
        return [(b"api-key", api_key.encode())]

    def serves(self, endpoint: Endpoint) -> bool:
        return endpoint.segments[0] != "messages"

    def refusal_of(self, params: Mapping[str, Any]) -> str | None:
        version = params.get("api_version", "")
        if not isinstance(version, str) or not version.replace("-", "").isalnum() and version:
            return _("'api_version' is a text such as 2024-10-21.")
        return super().refusal_of(params)


def _with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url
