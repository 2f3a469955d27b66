"""What a policy may say, in words for whoever writes one. What it means for a call: `proxy.access.policy`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MOST_ENTRIES = 1000
LONGEST_ENTRY = 500

# A token of RFC 9110, section 5.6.2.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ORIGIN = re.compile(r"\*|null|[a-z*][a-z0-9+.*-]*://[^\s/?#@,A-Z]+")

Refusal = str | None
Members = Mapping[str, Callable[[Any], Refusal]]


def refusal_of(policy: Any) -> Refusal:
    """Why this JSON cannot be a policy; None when it can. Null and a missing member mean no restriction."""
    return refusal_of_members(policy, MEMBERS, _("A policy"))


def refusal_of_members(policy: Any, members: Members, noun: str) -> Refusal:
    """The same for any object of such members; `noun` begins the sentence."""
    words = {"noun": noun, "names": ", ".join(members)}
    if policy is None:
        return None
    if not isinstance(policy, dict):
        return _("%(noun)s is an object with any of %(names)s.") % words
    for name, value in policy.items():
        if name not in members:
            return _("%(noun)s has no member '%(name)s', only %(names)s.") % {**words, "name": _shown(name)}
        if value is not None and (refusal := members[name](value)):
            return f"{name}: {refusal}"
    return None


def refusal_of_models(models: Any) -> Refusal:
    """The same for a list of allowed models."""
    return _refusal_of_list(models, _refusal_of_pattern)


def refusal_of_origins(origins: Any) -> Refusal:
    return _refusal_of_list(origins, _refusal_of_origin)


def _refusal_of_whitelist(rules: Any) -> Refusal:
    if not isinstance(rules, dict):
        return _('write an object such as {"model": ["gpt-4o", "gpt-4.1-*"]}.')
    if len(rules) > MOST_ENTRIES:
        return _("at most %(most)s parameters can be listed.") % {"most": MOST_ENTRIES}
    for name, patterns in rules.items():
        if not all(name.split(".")):
            return _("'%(name)s' is no parameter. Nested ones are written 'response_format.type'.") % {
                "name": _shown(name)
            }
        if refusal := _refusal_of_list(patterns, _refusal_of_value):
            return f"{_shown(name)}: {refusal}"
    return None


def _refusal_of_list(values: Any, refusal_of_one: Callable[[Any], Refusal]) -> Refusal:
    if not isinstance(values, list):
        return _("write a list.")
    if len(values) > MOST_ENTRIES:
        return _("at most %(most)s entries can be listed.") % {"most": MOST_ENTRIES}
    return next(filter(None, map(refusal_of_one, values)), None)


def _refusal_of_pattern(pattern: Any) -> Refusal:
    if not isinstance(pattern, str):
        return _("%(text)s is no text.") % {"text": _shown(pattern)}
    if not pattern or pattern != pattern.strip():
        return _("'%(text)s' is empty, or begins or ends with a space.") % {"text": _shown(pattern)}
    return _("'%(text)s' is too long.") % {"text": _shown(pattern)} if len(pattern) > LONGEST_ENTRY else None


def _refusal_of_value(pattern: Any) -> Refusal:
    """Numbers and booleans stand for their JSON text."""
    if isinstance(pattern, (bool, int, float)):
        return None
    if not isinstance(pattern, str):
        return _("%(text)s is neither a text, a number, nor true or false.") % {"text": _shown(pattern)}
    return _("'%(text)s' is too long.") % {"text": _shown(pattern)} if len(pattern) > LONGEST_ENTRY else None


def _refusal_of_origin(origin: Any) -> Refusal:
    if refusal := _refusal_of_pattern(origin):
        return refusal
    if not _ORIGIN.fullmatch(origin):
        return _("'%(text)s' is no origin such as https://app.example.com, lower-case, without a path.") % {
            "text": _shown(origin)
        }
    return None


def _refusal_of_header(name: Any) -> Refusal:
    if refusal := _refusal_of_pattern(name):
        return refusal
    if not HEADER_NAME.fullmatch(name):
        return _("'%(name)s' is no name of a header.") % {"name": _shown(name)}
    return None


def _refusal_of_endpoint(path: Any) -> Refusal:
    if refusal := _refusal_of_pattern(path):
        return refusal
    segments = path.removeprefix("/").removesuffix("/").split("/")
    if not all(segments) or {".", ".."} & set(segments) or re.search(r"[\s?#\\%]", path):
        return _("'%(text)s' is no endpoint. Write a path such as /v1/chat/completions.") % {
            "text": _shown(path)
        }
    return None


def _refusal_of_method(method: Any) -> Refusal:
    if isinstance(method, str) and method.upper() in METHODS:
        return None
    return _("'%(text)s' is none of %(names)s.") % {"text": _shown(method), "names": ", ".join(METHODS)}


def _each(refusal_of_one: Callable[[Any], Refusal]) -> Callable[[Any], Refusal]:
    return lambda values: _refusal_of_list(values, refusal_of_one)


MEMBERS: Members = {
    "param_whitelist": _refusal_of_whitelist,
    "allowed_origins": _each(_refusal_of_origin),
    "required_headers": _each(_refusal_of_header),
    "allowed_endpoints": _each(_refusal_of_endpoint),
    "allowed_methods": _each(_refusal_of_method),
}


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}…"
