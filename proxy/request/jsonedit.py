"""Edits of a JSON object that move no other byte.

The body of a client is never parsed and written again (integers beyond 64 bits, key order, spacing and
escapes would change). We find the place and cut or insert there. Bytes in, bytes out; the caller has
parsed them and knows that they are a JSON object in UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# Possessive: a string of 50 MB is one step, not 50 million that might be taken back.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
_FIRST_MEMBER = re.compile(rb'\{[ \t\r\n]*(")?')
_SPACE = b" \t\r\n"


class Span(NamedTuple):
    start: int
    end: int


class Member(NamedTuple):
    """Of an object at the top; `start` and `end` are next to its commas or braces."""

    name: str
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
    """Replace it, or insert it; of a repeated member one is left."""
    return change_members(body, members(body), {name: value})


def change_members(body: bytes, found: list[Member], changes: Mapping[str, bytes | None]) -> bytes:
    """`found` are the body's `members`. A value takes the place of the old one, a new member comes first,
    None takes one away.

    Of a repeated member one is left: whichever a reader took, it takes the new value.
    """
    new, kept = dict(changes), []
    for one in found:
        if one.name not in changes:
            kept.append(body[one.start : one.end])
        elif value := new.pop(one.name, None):
            span = _trimmed(body, one.value_start, one.end)
            kept.append(body[one.start : span.start] + value + body[span.end : one.end])
    added = [b"%b:%b" % (json.dumps(name).encode(), value) for name, value in new.items() if value]
    start, end = (found[0].start, found[-1].end) if found else _inside(body)
    return body[:start] + b",".join(added + kept) + body[end:]


def member(body: bytes, name: str) -> Span | None:
    """Where the value of a top-level member stands; the last one where a name is repeated."""
    found = None
    for key, _, value_start, end in _walk(body):
        if _is_named(key, name):
            found = _trimmed(body, value_start, end)
    return found


def members(body: bytes) -> list[Member]:
    """All at the top, in order, repeats kept."""
    return [Member(json.loads(key), *places) for key, *places in _walk(body)]


def _walk(body: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """The top-level members: key as it is quoted, start, start of the value, end."""
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
            yield key, start, value_start, token.start()
            start, value_start = token.end(), None


def _inside(body: bytes) -> Span:
    """Of an object without members."""
    opening = _FIRST_MEMBER.search(body)
    assert opening is not None
    return Span(opening.start() + 1, opening.start() + 1)


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
