"""What a cache policy may say, in words for whoever writes one. What it means is in `proxy.cache`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from .policies import HEADER_NAME, Members, Refusal, refusal_of_members

OFF, OPT_IN, ALWAYS = "off", "opt_in", "always"
MODES = (OFF, OPT_IN, ALWAYS)
PROJECT, KEY, SHARED = "project", "key", "shared"
SCOPES = (PROJECT, KEY, SHARED)
# Members of a request that change who is billed or traced, and not what is answered.
VOLATILE = (
    "user",
    "metadata",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
    "stream_options",
)
LONGEST_SECONDS = 365 * 24 * 3600
MOST_HEADERS = 100
LONGEST_HEADER = 200


def refusal_of(policy: Any) -> Refusal:
    """Why this JSON cannot be a project's cache policy; None when it can. Null stands for the default."""
    return refusal_of_members(policy, MEMBERS, _("A cache policy"))


def refusal_of_route(policy: Any) -> Refusal:
    """The same for a route, which cannot say who shares the answers of a tenant."""
    members = {name: check for name, check in MEMBERS.items() if name != "scope"}
    return refusal_of_members(policy, members, _("A cache policy of a route"))


def _one_of(*words: str) -> Callable[[Any], Refusal]:
    return lambda value: (
        None if value in words else _("write one of %(names)s.") % {"names": ", ".join(words)}
    )


def _refusal_of_seconds(value: Any) -> Refusal:
    if type(value) is int and 0 < value <= LONGEST_SECONDS:
        return None
    return _("write whole seconds from 1 to %(most)s.") % {"most": LONGEST_SECONDS}


def _refusal_of_flag(value: Any) -> Refusal:
    return None if isinstance(value, bool) else _("write true or false.")


def _refusal_of_members(value: Any) -> Refusal:
    if isinstance(value, list) and all(name in VOLATILE for name in value):
        return None
    return _("write a list of any of %(names)s.") % {"names": ", ".join(VOLATILE)}


def _refusal_of_headers(value: Any) -> Refusal:
    is_list = isinstance(value, list) and len(value) <= MOST_HEADERS
    if is_list and all(map(_is_header, value)):
        return None
    return _("write a list of at most %(most)s names of headers.") % {"most": MOST_HEADERS}


def _is_header(name: Any) -> bool:
    return isinstance(name, str) and len(name) <= LONGEST_HEADER and bool(HEADER_NAME.fullmatch(name))


MEMBERS: Members = {
    "mode": _one_of(*MODES),
    "ttl": _refusal_of_seconds,
    "scope": _one_of(*SCOPES),
    "ignore": _refusal_of_members,
    "ignore_headers": _refusal_of_headers,
    "stale_while_revalidate": _refusal_of_seconds,
    "stale_if_error": _refusal_of_seconds,
    "original_pace": _refusal_of_flag,
}
