"""Which web pages may call (fetch.spec.whatwg.org, "CORS protocol").

A preflight carries no key, so it is allowed when anybody's policy lists its origin; a route with a list of
its own decides alone. The call itself is held to the lists of its route and its project, and where there is
none to CORS_ALLOWED_ORIGINS. A page never sends cookies here, so none are allowed for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .. import errors, refusals
from ..configuration.configuration import Key, Policy, Route, Snapshot
from ..headers import RawHeaders, first
from ..request.parsing import Call
from . import patterns, policy
from .patterns import Patterns

MAX_AGE_SECONDS = 600
EXPOSED = (
    "x-request-id, x-relay-request-id, x-relay-provider, x-relay-model, server-timing, "
    "retry-after, retry-after-ms, x-should-retry, "
    "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
    "x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)
_NAMES = re.compile(rb"[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)
_VARY = (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")


class Origins:
    """All that are allowed to anybody, gathered again when the keys have changed."""

    def __init__(self, default: Patterns) -> None:
        self.default = default
        self._keys: Mapping[bytes, Key] | None = None
        self._listed: Patterns = ()

    def anybodys(self, snapshot: Snapshot) -> Patterns:
        if self._keys is not snapshot.keys:
            self._keys, self._listed = snapshot.keys, _listed(snapshot.keys.values())
        listed = self._listed + snapshot.settings.policy.allowed_origins
        return listed + snapshot.catalogue.allowed_origins + self.default


def preflight(call: Call, origins: Origins, snapshot: Snapshot, route: Route | None = None) -> RawHeaders:
    """Raises RelayError. Of an OPTIONS that no browser sent, only what it asks in general."""
    origin, method = first(call.headers, b"origin"), first(call.headers, b"access-control-request-method")
    if not (origin and method):
        return [(b"allow", errors.ALLOWED_METHODS.encode()), *headers(call, None, origins, snapshot, route)]
    if not patterns.matches(_anybodys(route, origins, snapshot), origin.decode("latin-1")):
        raise refusals.origin_not_allowed(origin.decode("latin-1"))
    allowed = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", errors.ALLOWED_METHODS.encode()),
        (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
        _VARY,
    ]
    asked = first(call.headers, b"access-control-request-headers")
    if _NAMES.fullmatch(asked):
        allowed.append((b"access-control-allow-headers", asked))
    return allowed


def headers(
    call: Call, key: Key | None, origins: Origins, snapshot: Snapshot, route: Route | None = None
) -> RawHeaders:
    """Of every answer to a page, errors and streams too. Without an Origin there is none."""
    origin = first(call.headers, b"origin")
    if not origin:
        return []
    vary = (b"vary", b"Origin")
    if not _is_allowed(origin.decode("latin-1"), key, route, origins, snapshot):
        return [vary]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED.encode()),
        vary,
    ]


def _is_allowed(
    origin: str, key: Key | None, route: Route | None, origins: Origins, snapshot: Snapshot
) -> bool:
    """Who has no known key reads no more than that, so a page is told as freely as in a preflight."""
    if key is None:
        return patterns.matches(_anybodys(route, origins, snapshot), origin)
    lists = [held_to.allowed_origins for held_to in policy.held_to(key, snapshot.settings)]
    lists.append(route.allowed_origins if route else ())
    everybodys = (
        origins.default + snapshot.catalogue.allowed_origins
    )  # which provider answers does not matter
    return all(patterns.matches(allowed, origin) for allowed in (list(filter(None, lists)) or [everybodys]))


def _anybodys(route: Route | None, origins: Origins, snapshot: Snapshot) -> Patterns:
    """A route with a list of its own holds all its calls to it."""
    return route.allowed_origins if route and route.allowed_origins else origins.anybodys(snapshot)


def _listed(keys: Iterable[Key]) -> Patterns:
    # Thousands of keys share few projects, and these their policies.
    found: dict[int, Policy] = {}
    for key in keys:
        if key.project is not None and key.project.is_active:
            found[id(key.project.policy)] = key.project.policy
    return tuple(dict.fromkeys(origin for policy in found.values() for origin in policy.allowed_origins))
