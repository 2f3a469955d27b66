"""Edits of a JSON object that move no other byte.

The body of a client is never parsed and written again (integers beyond 64 bits, key order, spacing and
escapes would change). We find the place and cut or insert there. Bytes in, bytes out; the caller has
parsed them and knows that they are a JSON object in UTF-8.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

# Possessive: a string of 50 MB is one step, not 50 million that might be taken back.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
_FIRST_MEMBER = re.compile(rb'\{[ \t\r\n]*(")?')
_SPACE = b" \t\r\n"


class Span(NamedTuple):
    start: int
    end: int


def insert_member(body: bytes, name: str, value: bytes) -> bytes:
    """Put `"name":value` first in the object `body`, which must not have that member yet."""
    opening = _FIRST_MEMBER.search(body)
    assert opening is not None
    comma = b"," if opening[1] else b""
    place = opening.start() + 1
    return b'%b"%b":%b%b%b' % (body[:place], name.encode(), value, comma, body[place:])


def replace_member(body: bytes, name: str, value: bytes) -> bytes:
    """Put `value` in the place of the top-level member `name` (the last one, as parsers read it)."""
    span = member(body, name)
    if span is None:
        raise KeyError(name)
    return body[: span.start] + value + body[span.end :]


def member(body: bytes, name: str) -> Span | None:
    """Where the value of a top-level member stands; the last one where a name is repeated."""
    depth, key, start = 0, b"", None
    found: Span | None = None
    for token in _TOKENS.finditer(body):
        mark = token.group()
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
        if start is not None and ((depth == 1 and mark == b",") or depth == 0):
            found = _trimmed(body, start, token.start())
            start = None
        elif depth == 1 and mark == b":" and _is_named(key, name):
            start = token.end()
        key = mark if depth == 1 else b""
    return found


def _is_named(key: bytes, name: str) -> bool:
    """Whether a quoted key, escapes and all, is this name."""
    if b"\\" in key:
        return bool(json.loads(key) == name)
    return key[1:-1] == name.encode()


def _trimmed(body: bytes, start: int, end: int) -> Span:
    while body[start] in _SPACE:
        start += 1
    while body[end - 1] in _SPACE:
        end -= 1
    return Span(start, end)
