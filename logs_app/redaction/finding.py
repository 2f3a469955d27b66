"""Everything in a text that is to be redacted, in order and without overlaps.

Pure functions of the text. Each kind has a cheap gate: a character or a word that it cannot be without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from . import addresses, keys, numbers
from .kinds import (
    API_KEY,
    CARD,
    CN_ID,
    EMAIL,
    IBAN,
    IP,
    JWT,
    PASSWORD,
    PHONE,
    PRECEDENCE,
    PRIVATE_KEY,
    SSN,
    Span,
)  # fmt: skip

SHORTEST = 5
IBAN_DIGITS = re.compile(r"[A-Z]{2}[0-9]{2}")
SEVEN_DIGITS = re.compile(r"(?:[0-9][ ().-]{0,2}){7}")
# What looks otherwise and means the same, one character for one: full-width forms, spaces, dashes.
ALIKE = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff20\uff0b\uff0d\uff0e\u00a0\u2010-\u2015\u2009\u202f\u00b7]"
)
PLAIN = {
    **{0xFF01 + place: 0x21 + place for place in range(94)},
    **dict.fromkeys((0xA0, 0x2009, 0x202F, 0x3000), 0x20),
    **dict.fromkeys((0xB7, *range(0x2010, 0x2016)), 0x2D),
}
# A file in base64 is no text, and may be most of it.
DATA_URL = re.compile(r"data:[\w.+-]{1,60}/[\w.+-]{1,60}(?:;[\w=.+-]{1,60}){0,4};base64,[A-Za-z0-9+/=_%-]*+")

Finder = Callable[[str], Iterable[Span]]


def find(text: str, kinds: frozenset[str]) -> list[Span]:
    if len(text) < SHORTEST:
        return []
    plain = _plain(text)
    return [span for finder in _finders(kinds) for span in finder(plain) if span.kind in kinds]


def disjoint(spans: list[Span]) -> list[Span]:
    """Of overlapping spans one that covers them all, of the kind that takes precedence: nothing is left.

    A password in an address is the exception: what follows it looks like an e-mail and is a host.
    """
    merged: list[Span] = []
    for span in sorted(spans):
        last = merged[-1] if merged else None
        if last is None or span.start >= last.end:
            merged.append(span)
        elif (last.kind, span.kind) != (PASSWORD, EMAIL):
            kind = min(last.kind, span.kind, key=_precedence)
            merged[-1] = Span(last.start, max(last.end, span.end), kind)
    return merged


@lru_cache(maxsize=64)
def _finders(kinds: frozenset[str]) -> tuple[Finder, ...]:
    return tuple(finder for finder, found in FINDERS if not kinds.isdisjoint(found))


def _precedence(kind: str) -> int:
    """The labels of own rules come first."""
    return PRECEDENCE.get(kind, -1)


def _plain(text: str) -> str:
    """Of the same length, without what only hides or only costs time."""
    if not text.isascii() and ALIKE.search(text):
        text = text.translate(PLAIN)
    if ";base64," in text:
        text = DATA_URL.sub(lambda match: " " * len(match[0]), text)
    return text


def _emails(text: str) -> Iterable[Span]:
    return addresses.emails(text) if "@" in text else ()


def _numbers(text: str) -> Iterator[Span]:
    if SEVEN_DIGITS.search(text):
        yield from numbers.numbers(text)


def _ibans(text: str) -> Iterator[Span]:
    if IBAN_DIGITS.search(text):
        yield from numbers.ibans(text)


FINDERS: tuple[tuple[Finder, frozenset[str]], ...] = (
    (keys.private_keys, frozenset({PRIVATE_KEY})),
    (keys.keys, frozenset({API_KEY, JWT})),
    (addresses.passwords, frozenset({PASSWORD})),
    (_emails, frozenset({EMAIL})),
    (_numbers, frozenset({CARD, CN_ID, SSN, PHONE})),
    (_ibans, frozenset({IBAN})),
    (addresses.ips, frozenset({IP})),
)
