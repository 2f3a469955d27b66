"""Anthropic's own protocol: /v1/messages and what belongs to it, passed on as it is.

Its OpenAI-compatible chat completions are reached with a provider of type `openai` at the same address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from ..headers import RawHeaders, first
from .openai import OpenAI

if TYPE_CHECKING:
    from ..configuration.configuration import Provider
    from ..request.endpoints import Endpoint

VERSION = "2023-06-01"
_SERVED = frozenset({"messages", "models", "files", "skills", "complete"})


class Anthropic(OpenAI):
    PARAMS: frozenset[str] | None = frozenset({"anthropic_version", "authentication", "headers"})
    AUTHENTICATIONS: tuple[str, ...] = ("x-api-key", "bearer")

    def credentials(self, provider: Provider, api_key: str) -> RawHeaders:
        """`bearer` is for gateways in front of it."""
        if provider.params.get("authentication") == "bearer":
            return super().credentials(provider, api_key)
        return [(b"x-api-key", api_key.encode())]

    def headers(self, provider: Provider, headers: RawHeaders) -> RawHeaders:
        """The API refuses calls without a version; a client of another kind does not send one."""
        headers = super().headers(provider, headers)
        if first(headers, b"anthropic-version"):
            return headers
        version = provider.params.get("anthropic_version", VERSION)
        return [*headers, (b"anthropic-version", version.encode())]

    def serves(self, endpoint: Endpoint) -> bool:
        return endpoint.segments[0] in _SERVED

    def is_home_of(self, endpoint: Endpoint) -> bool:
        return not super().is_home_of(endpoint)

    def refusal_of(self, params: Mapping[str, Any]) -> str | None:
        version = params.get("anthropic_version", VERSION)
        if not isinstance(version, str) or not version.replace("-", "").isalnum():
            return _("'anthropic_version' is a text such as %(example)s.") % {"example": VERSION}
        return super().refusal_of(params)
