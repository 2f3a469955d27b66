"""All prices at one moment, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from logs_app.pricing.rates import Rates

# Calls of these tiers have prices of their own, or none; every other word means the ordinary one.
TIERS = frozenset({"batch", "flex", "priority"})
# Model names come from outside: what was looked up is remembered for so many of them.
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A pattern has `*` for any run of characters; without `provider` it holds everywhere.

    Some providers charge more for the whole call when its prompt is longer than `above_prompt_tokens`.
    """

    model: str
    provider: str
    service_tier: str
    above_prompt_tokens: int
    valid_from: datetime
    rates: Rates

    @property
    def rank(self) -> tuple[bool, bool, int, int, datetime]:
        """The closer description wins: the provider's own, the exact name, the longer pattern, the longer
        prompt, the newer price."""
        is_exact = "*" not in self.model
        return bool(self.provider), is_exact, len(self.model), self.above_prompt_tokens, self.valid_from

    def holds(self, at: datetime, prompt_tokens: int) -> bool:
        is_long_enough = not self.above_prompt_tokens or prompt_tokens > self.above_prompt_tokens
        return is_long_enough and self.valid_from <= at


class _Question(NamedTuple):
    model: str
    provider: str
    tier: str


class Book:
    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        entries = sorted(entries, key=lambda entry: entry.rank, reverse=True)
        self._entries = [(entry, _compiled(entry.model)) for entry in entries]
        self._found: dict[_Question, list[Entry]] = {}

    def find(
        self, models: Iterable[str | None], provider: str, tier: str, at: datetime, prompt_tokens: int = 0
    ) -> Rates | None:
        """Of the first of these names that has a price; `vendor/name` is also looked for as `name`."""
        tier = tier if tier in TIERS else ""
        for model in models:
            for name in _spellings(model):
                for entry in self._candidates(_Question(name, provider, tier)):
                    if entry.holds(at, prompt_tokens):
                        return entry.rates
        return None

    def _candidates(self, question: _Question) -> list[Entry]:
        """The best first. One that does not hold gives way to the next."""
        known = self._found.get(question)
        if known is None:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            known = self._found[question] = [
                entry
                for entry, pattern in self._entries
                if entry.service_tier == question.tier
                and entry.provider in ("", question.provider)
                and pattern.fullmatch(question.model)
            ]
        return known


EMPTY = Book()


def _spellings(model: str | None) -> Iterable[str]:
    if not model:
        return ()
    bare = model.rpartition("/")[2]
    return (model,) if bare == model else (model, bare)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
