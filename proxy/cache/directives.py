"""Cache-Control of a request or an answer (RFC 9111, section 5.2), read once. Pure.

What cannot be understood is read as the more careful of its meanings: a lifetime that is no number is 0,
of two lifetimes the shorter counts, and `no-cache` or `private` of some headers are those of all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..headers import RawHeaders

_DIRECTIVE = re.compile(rb'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?')
_LONGEST_SECONDS = 2**31  # RFC 9111, 1.2.2
_ANY_AGE = float("inf")


class Directives(NamedTuple):
    no_store: bool = False
    no_cache: bool = False
    private: bool = False
    public: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    max_stale: float | None = None
    min_fresh: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None


NONE = Directives()
_FLAGS = frozenset(name for name in Directives._fields if Directives._field_defaults[name] is False)
_SECONDS = frozenset(Directives._fields) - _FLAGS


def of_request(headers: RawHeaders) -> Directives:
    """Without Cache-Control the older `Pragma: no-cache` counts (RFC 9111, section 5.4)."""
    if value := _joined(headers, b"cache-control"):
        return parse(value)
    return NONE._replace(no_cache=True) if b"no-cache" in _joined(headers, b"pragma").lower() else NONE


def of_answer(headers: RawHeaders) -> Directives:
    value = _joined(headers, b"cache-control")
    return parse(value) if value else NONE


@lru_cache(maxsize=1024)
def parse(value: bytes) -> Directives:
    found: dict[str, bool | float] = {}
    for match in _DIRECTIVE.finditer(value):
        name = match[1].decode().lower().replace("-", "_")
        argument = match[2] if match[2] is not None else match[3]
        if name in _FLAGS:
            found[name] = True
        elif name in _SECONDS:
            seconds = _ANY_AGE if name == "max_stale" and argument is None else _seconds(argument)
            found[name] = min(found.get(name, seconds), seconds)
    return Directives(**found)  # type: ignore[arg-type]


def _seconds(argument: bytes | None) -> int:
    if argument is None or not argument.isdigit():
        return 0
    return _LONGEST_SECONDS if len(argument) > 10 else min(int(argument), _LONGEST_SECONDS)


def _joined(headers: RawHeaders, name: bytes) -> bytes:
    values = [value for given, value in headers if given == name]
    return values[0] if len(values) == 1 else b", ".join(values)
