"""A conversation that is as heavy as a page may be: what is newest is shown most.

Every part is named, with its beginning; what is left out is asked for by the number of its part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from logs_app.conversation import Conversation, Part, Turn, wording
from logs_app.conversation.turns import Call, Result

PAGE_WEIGHT = 40_000
PART_CHARACTERS = 8_000
SHORTEST = 160
# A letter of these becomes several on the page: an entity, or half of a tag.
_MARKUP = re.compile(r"[*_`~|<>&\"'\[\]#\n]")
MARKUP_WEIGHT = 5
# Of a long session: how it began, and what was said last.
FIRST_TURNS, LAST_TURNS = 2, 38


@dataclass(slots=True)
class Excerpt:
    """A part, as much of its text as is shown, and how many characters are not."""

    part: Part
    text: str = ""
    rest: int = 0
    within: list[Excerpt] = field(default_factory=list)


@dataclass(slots=True)
class Shown:
    turn: Turn
    parts: list[Excerpt]
    skipped: int = 0  # so many turns before it are not here


class Budget:
    def __init__(self, weight: float = PAGE_WEIGHT, most: int = PART_CHARACTERS) -> None:
        self._left, self._most = weight, most

    def excerpt(self, part: Part) -> Excerpt:
        text = wording.of(part)
        density = _density(text[: self._most])
        room = max(min(int(self._left / density), self._most), SHORTEST)
        # A cut that spares a line is not worth a click.
        shown = text if len(text) <= room * 1.1 else text[:room]
        self._left -= len(shown) * density
        return Excerpt(part, shown, len(text) - len(shown), [self.excerpt(each) for each in _within(part)])


def _density(text: str) -> float:
    """What a character of it weighs on the page."""
    return 1 + MARKUP_WEIGHT * len(_MARKUP.findall(text)) / max(len(text), 1)


def of(conversation: Conversation, *, all_turns: bool = False) -> tuple[list[Shown], list[Shown]]:
    """Of the request and of the answer."""
    budget = Budget()
    answered = _shown(conversation.answered, budget)
    if all_turns:
        return _shown(conversation.asked, budget), answered
    asked = conversation.asked
    skipped = len(asked) - FIRST_TURNS - LAST_TURNS
    if skipped <= 0:
        return _shown(asked, budget), answered
    last = _shown(asked[-LAST_TURNS:], budget)
    last[0].skipped = skipped
    return [*_shown(asked[:FIRST_TURNS], budget), *last], answered


def _shown(turns: Iterable[Turn], budget: Budget) -> list[Shown]:
    """The last one has the first choice of the room."""
    shown = [Shown(turn, [budget.excerpt(part) for part in turn.parts]) for turn in reversed([*turns])]
    return shown[::-1]


def _within(part: Part) -> list[Any]:
    if isinstance(part, Call):
        return part.results
    return part.parts if isinstance(part, Result) else []
