"""Edits of a JSON object that move no other byte.

The body of a client is never parsed and written again (integers beyond 64 bits, key order, spacing and
escapes would change). We find the place and cut or insert there. Bytes in, bytes out; the caller has
parsed them and knows that they are a JSON object in UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

# Possessive: a string of 50 MB is one step, not 50 million that might be taken back.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
_FIRST_MEMBER = re.compile(rb'\{[ \t\r\n]*(")?')
_SPACE = b" \t\r\n"


class Span(NamedTuple):
    start: int
    end: int


class _Member(NamedTuple):
    """Of an object at the top; from one comma or brace to the next."""

    key: bytes  # quoted
    start: int
    value_start: int
    end: int


def insert_member(body: bytes, name: str, value: bytes) -> bytes:
    """Put `"name":value` first in the object `body`, which must not have that member yet."""
    opening = _FIRST_MEMBER.search(body)
    assert opening is not None
    comma = b"," if opening[1] else b""
    place = opening.start() + 1
    return b"%b%b:%b%b%b" % (body[:place], json.dumps(name).encode(), value, comma, body[place:])


def replace_member(body: bytes, name: str, value: bytes) -> bytes:
    """Put `value` in the place of the top-level member `name` (the last one, as parsers read it)."""
    span = member(body, name)
    if span is None:
        raise KeyError(name)
    return body[: span.start] + value + body[span.end :]


def set_member(body: bytes, name: str, value: bytes) -> bytes:
    """Replace, insert, or make one of several: whichever of them a reader took, it takes the new value."""
    count = sum(_is_named(member.key, name) for member in _members(body))
    if count == 1:
        return replace_member(body, name, value)
    return insert_member(remove_member(body, name) if count else body, name, value)


def remove_member(body: bytes, name: str) -> bytes:
    """Without any top-level member of this name; the others keep their bytes."""
    members = list(_members(body))
    kept = [body[member.start : member.end] for member in members if not _is_named(member.key, name)]
    if len(kept) == len(members):
        return body
    return body[: members[0].start] + b",".join(kept) + body[members[-1].end :]


def member(body: bytes, name: str) -> Span | None:
    """Where the value of a top-level member stands; the last one where a name is repeated."""
    found = None
    for one in _members(body):
        if _is_named(one.key, name):
            found = _trimmed(body, one.value_start, one.end)
    return found


def names(body: bytes) -> list[str]:
    """Of the top-level members, in order, repeats kept."""
    return [json.loads(one.key) for one in _members(body)]


def _members(body: bytes) -> Iterator[_Member]:
    depth, key, start, value_start = 0, b"", 0, None
    for token in _TOKENS.finditer(body):
        mark = token.group()
        if mark in (b"{", b"["):
            depth += 1
            start = token.end() if depth == 1 else start
        elif mark in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and mark == b":" and value_start is None:
            value_start = token.end()
        elif depth == 1 and value_start is None and mark != b",":
            key = mark
        if value_start is not None and ((depth == 1 and mark == b",") or depth == 0):
            yield _Member(key, start, value_start, token.start())
            start, value_start = token.end(), None


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
