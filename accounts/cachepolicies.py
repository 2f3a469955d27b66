"""What a cache policy may say, in words for whoever writes one. What it means is in `proxy.cache`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

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
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")

Refusal = str | None


def refusal_of(policy: Any) -> Refusal:
    """Why this JSON cannot be a project's cache policy; None when it can. Null stands for the default."""
    return _refusal(policy, MEMBERS)


def refusal_of_route(policy: Any) -> Refusal:
    """The same for a route, which cannot say who shares the answers of a tenant."""
    return _refusal(policy, {name: check for name, check in MEMBERS.items() if name != "scope"})


def _refusal(policy: Any, members: dict[str, Callable[[Any], Refusal]]) -> Refusal:
    if policy is None:
        return None
    if not isinstance(policy, dict):
        return _("A cache policy is an object with any of %(names)s.") % {"names": ", ".join(members)}
    for name, value in policy.items():
        if name not in members:
            return _("A cache policy has no member '%(name)s' here, only %(names)s.") % {
                "name": str(name)[:100],
                "names": ", ".join(members),
            }
        if value is not None and (refusal := members[name](value)):
            return f"{name}: {refusal}"
    return None


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
    if is_list and all(isinstance(name, str) and _TOKEN.fullmatch(name) for name in value):
        return None
    return _("write a list of at most %(most)s names of headers.") % {"most": MOST_HEADERS}


MEMBERS: dict[str, Callable[[Any], Refusal]] = {
    "mode": _one_of(*MODES),
    "ttl": _refusal_of_seconds,
    "scope": _one_of(*SCOPES),
    "ignore": _refusal_of_members,
    "ignore_headers": _refusal_of_headers,
    "stale_while_revalidate": _refusal_of_seconds,
    "stale_if_error": _refusal_of_seconds,
    "original_pace": _refusal_of_flag,
}
