"""Which route a call takes: the longest path prefix that fits, at a boundary between two parts of the path.

A route may lie under /v1, and then its calls keep their path; or it has a prefix of its own that stands in
the place of /v1, so that /assistants/chat/completions is /v1/chat/completions of its providers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import refusals
from ..access import policy
from ..configuration.configuration import Route
from ..models.validation import RESERVED_PATHS
from ..request.edits import Edit, Outgoing
from ..request.parsing import VERSION, Call

# Only these can answer in either way; on any other endpoint "no answer in one piece" would forbid everything.
STREAMABLE = frozenset(
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
    }
)


def find(routes: Iterable[Route], path: str) -> Route | None:
    """`path` is decoded; the routes are sorted, the longest prefix first."""
    for route in routes:
        if fits(route.path_prefix, path):
            return route
    return None


def named(routes: Iterable[Route], name: str | None) -> Route | None:
    return next((route for route in routes if route.name == name), None)


def fits(prefix: str, path: str) -> bool:
    """`/v1/chat` takes /v1/chat/completions, and not /v1/chats."""
    return path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/")


def version_prefix(route: Route | None) -> str:
    """What stands in the place of /v1 in the paths of a route's calls."""
    return VERSION if route is None or fits(VERSION, route.path_prefix) else route.path_prefix


def is_reserved(path: str) -> bool:
    """Whether the relay itself answers there, so that no route can."""
    return path.strip("/").partition("/")[0].lower() in RESERVED_PATHS | {""}


def check_head(call: Call, route: Route | None) -> None:
    """Where there are routes. Raises RelayError."""
    if policy.is_ambiguous(call.path):
        raise refusals.ambiguous_path()  # a provider might read it as the path of another route
    if route is not None:
        policy.check_origins(call, route.allowed_origins)


def check_body(call: Call, route: Route) -> None:
    """Whether the answer may come in the way that is asked for. Raises RelayError."""
    if call.is_streaming and not route.allow_streaming:
        raise refusals.stream_not_allowed(route.name)
    is_whole = call.method == "POST" and call.endpoint.template in STREAMABLE and not call.is_streaming
    if is_whole and not route.allow_non_streaming:
        raise refusals.only_streams_allowed(route.name)


def note(outgoing: Outgoing, route: Route) -> Outgoing:
    """The route's name in the record."""
    return replace(outgoing, edits=({"kind": "route", "name": route.name}, *outgoing.edits))


def noted(edits: Iterable[Edit]) -> str | None:
    """The name that `note` left in a record."""
    return next((edit.get("name") for edit in edits if edit.get("kind") == "route"), None)
