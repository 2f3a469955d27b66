"""One record's redactor: it numbers what it replaces, the same value with the same number everywhere."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import checks, finding, walking
from .kinds import API_KEY, CARD, CN_ID, EMAIL, IBAN, PASSWORD, PHONE, SSN, USUAL, Span
from .rules import Rule

# Own rules may not keep the recorder busy with one record; beyond, its content is withheld.
LONGEST_SECONDS = 5.0
PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*_[0-9]+\]")
OF_DIGITS = frozenset({CARD, SSN})
COMPACT = frozenset({IBAN, CN_ID})


class TooSlow(Exception):
    """The own rules took too long for one record."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What is redacted in a project's records."""

    kinds: frozenset[str] = USUAL
    rules: tuple[Rule, ...] = ()
    allowed: tuple[Rule, ...] = ()


class Redactor:
    """Not for several records: each begins at 1, or after the numbers that it already has."""

    def __init__(self, ruleset: Ruleset, counts: Mapping[str, int] | None = None) -> None:
        """`counts`: the highest number of each label that the record has already."""
        self.counts: dict[str, int] = dict(counts or {})
        self.ruleset = ruleset
        self._numbers: dict[tuple[str, str], int] = {}
        self._seconds = 0.0

    @property
    def kinds(self) -> frozenset[str]:
        return self.ruleset.kinds

    def text(self, text: str, name: str = "") -> str:
        """The same object where there is nothing to replace. `name`: of the member whose value it is."""
        spans = self.spans(text, name)
        return self.replaced(text, spans) if spans else text

    def body(self, value: Any) -> tuple[Any, bool]:
        """A JSON value without its secrets, and whether it had some; parts without any are not copied."""
        redacted = walking.walk(self, value)
        return redacted, redacted is not value

    def spans(self, text: str, name: str = "") -> list[Span]:
        found = self._named(text, name) or finding.find(text, self.ruleset.kinds)
        if self.ruleset.rules:
            found += self._own(text)
        if not found:
            return found
        spans = finding.disjoint(found)
        if not self.ruleset.allowed:
            return spans
        return [span for span in spans if not self._is_allowed(text[span.start : span.end], span.kind)]

    def replaced(self, text: str, spans: list[Span]) -> str:
        pieces: list[str] = []
        last = 0
        for start, end, kind in spans:
            pieces += (text[last:start], self.label(kind, text[start:end]))
            last = end
        return "".join((*pieces, text[last:]))

    def label(self, kind: str, value: str) -> str:
        key = (kind, _canonical(kind, value))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"[{kind}_{number}]"

    def _named(self, text: str, name: str) -> list[Span]:
        """What its name makes a secret or a number of somebody."""
        if not name:
            return []
        if PASSWORD in self.ruleset.kinds and walking.is_secret_name(name) and _is_secret(text):
            return [Span(0, len(text), PASSWORD)]
        if len(text) > walking.LONGEST_NUMBER or not walking.is_number_name(name):
            return []
        before = f"{name}: "
        found = finding.find(before + text, self.ruleset.kinds)
        shift = len(before)
        return [Span(start - shift, end - shift, kind) for start, end, kind in found if start >= shift]

    def _own(self, text: str) -> list[Span]:
        began = time.thread_time()
        found: list[Span] = []
        for rule in self.ruleset.rules:
            found += rule.spans(text)
        self._seconds += time.thread_time() - began
        if self._seconds > LONGEST_SECONDS:
            raise TooSlow(f"own rules took more than {LONGEST_SECONDS:g} seconds")
        return [span for span in found if PLACEHOLDER.fullmatch(text, span.start, span.end) is None]

    def _is_allowed(self, text: str, kind: str) -> bool:
        return any(rule.allows_span(text, kind) for rule in self.ruleset.allowed)


def _is_secret(text: str) -> bool:
    return len(text) >= 4 and not PLACEHOLDER.fullmatch(text) and text.strip("*•xX.<>{}$") != ""


def _canonical(kind: str, value: str) -> str:
    """Spellings of one value are the same value."""
    if kind == EMAIL:
        return value.lower()
    if kind in OF_DIGITS:
        return checks.digits(value)
    if kind in COMPACT:
        return value.replace(" ", "").replace("-", "").upper()
    if kind == PHONE:
        return checks.digits(value).removeprefix("00").removeprefix("86")
    return value.removeprefix("Bearer ") if kind == API_KEY else value
