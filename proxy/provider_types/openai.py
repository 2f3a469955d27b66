"""OpenAI and everything that speaks its protocol. Other types differ from it in a few lines each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from accounts.policies import HEADER_NAME

from ..headers import CLIENT_CREDENTIALS, CLIENT_ROUTE, HOP_BY_HOP, RawHeaders, overlay

if TYPE_CHECKING:
    from ..configuration.configuration import Provider
    from ..request.endpoints import Endpoint

NONE = "none"
HEALTH_MODEL = "health_model"  # of every type: asked for one token, instead of the list of models
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_OURS = HOP_BY_HOP | CLIENT_ROUTE - {b"referer", b"origin"} | {b"accept-encoding"}


class OpenAI:
    """Override what is different. One object serves all calls: keep nothing in it.

    `PARAMS` names the members of `provider_params` that the type understands; others are refused on save.
    """

    PARAMS: frozenset[str] | None = frozenset({"authentication", "headers"})
    AUTHENTICATIONS: tuple[str, ...] = ("bearer", NONE)

    def url(self, provider: Provider, rest: str, query: str, model: str | None) -> str:
        """Where `/v1/<rest>?<query>` of the client goes (both still percent-encoded).

        `model` is the provider's own name of it, not encoded; None where the call names none.
        """
        base = join(provider.api_base)
        url = f"{base}/{rest}" if rest else base
        return f"{url}?{query}" if query else url

    def credentials(self, provider: Provider, api_key: str) -> RawHeaders:
        return [(b"authorization", b"Bearer " + api_key.encode())] if api_key else []

    def needs_key(self, provider: Provider) -> bool:
        """Whether a call cannot go out without an API key."""
        return provider.params.get("authentication") != NONE

    def headers(self, provider: Provider, headers: RawHeaders) -> RawHeaders:
        """The headers of a request, credentials aside: the client's, as docs/headers.md lets through."""
        given = provider.params.get("headers")
        return overlay(headers, _raw(tuple(given.items()))) if given else headers

    def serves(self, endpoint: Endpoint) -> bool:
        """Whether the provider can know this endpoint at all."""
        return True

    def is_home_of(self, endpoint: Endpoint) -> bool:
        """Where several providers serve a model, those whose own protocol the call speaks are asked."""
        return endpoint.segments[0] != "messages"

    def refusal_of(self, params: Mapping[str, Any]) -> str | None:
        """What is wrong with `provider_params`, as a sentence; None when nothing is."""
        if self.PARAMS is not None and (unknown := sorted(params.keys() - self.PARAMS - {HEALTH_MODEL})):
            known = ", ".join(sorted({*self.PARAMS, HEALTH_MODEL}))
            return _("'%(name)s' is unknown to this type; it has %(known)s.") % {
                "name": unknown[0],
                "known": known,
            }
        if not isinstance(params.get(HEALTH_MODEL, ""), str):
            return _("'%(name)s' is the name of a model.") % {"name": HEALTH_MODEL}
        if params.get("authentication", self.AUTHENTICATIONS[0]) not in self.AUTHENTICATIONS:
            return _("'authentication' is one of %(names)s.") % {"names": ", ".join(self.AUTHENTICATIONS)}
        return _refusal_of_headers(params.get("headers", {}))


@lru_cache(maxsize=1024)
def join(base: str) -> str:
    """The base without a final slash; one without a path gets /v1 (`https://api.openai.com`)."""
    base = base.rstrip("/")
    return base if urlsplit(base).path else f"{base}/v1"


@lru_cache(maxsize=1024)
def _raw(headers: tuple[tuple[str, str], ...]) -> RawHeaders:
    return [(name.lower().encode(), value.encode()) for name, value in headers]


def _refusal_of_headers(headers: Any) -> str | None:
    if not isinstance(headers, Mapping):
        return _("'headers' is an object of names and values.")
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or not isinstance(value, str) or not _VALUE.fullmatch(value):
            return _("'%(name)s' cannot be sent as a header with this value.") % {"name": name}
        if name.lower().encode() in CLIENT_CREDENTIALS:
            return _(
                "The header '%(name)s' is a secret: enter it as the API key, which is kept encrypted."
            ) % {"name": name}
        if name.lower().encode() in _OURS:
            return _("The header '%(name)s' is written by the relay itself.") % {"name": name}
    return None
