"""An overview divided by model, provider or project: the busiest of them, and the rest together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from logs_app.rollups.figures import Sums
from logs_app.statistics.columns import GROUPS
from logs_app.statistics.periods import DIVIDED_BY, Overview
from logs_app.statistics.sums import Group

MOST = 6


@dataclass(frozen=True)
class Part:
    """`value` finds its records, by the filter that the division is named after; empty of those without one
    and of the rest. `by_start` has the sums of each interval.
    """

    name: str
    value: str
    by_start: Mapping[int, int]

    @cached_property
    def sums(self) -> Sums:
        return Sums(sum(self.by_start.values()))


def divide(overview: Overview, by: str, words: Mapping[str, str], most: int | None = MOST) -> list[Part]:
    """The busiest first, at most so many and the rest. `by` is one of DIVIDED_BY, or empty for all in one.

    `words`: what `all`, the `rest` and those that have `none` are called.
    """
    by_group: dict[Group, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (group, start), figures in overview.answer.sums.items():
        by_group[_columns(group, by)][start] += figures
    if not by:
        return [Part(words["all"], "", by_group.get((), {}))]
    parts = [_part(group, by_start, words["none"]) for group, by_start in by_group.items()]
    parts.sort(key=lambda part: (-part.sums["requests"], part.name))
    return parts if most is None else [*parts[:most], *_rest(parts[most:], words["rest"])]


def _part(group: Group, by_start: Mapping[int, int], unnamed: str) -> Part:
    """Of two columns, the second is the name; a project that has none any more is shown by its id."""
    named = [str(value) for value in group if value]
    return Part(named[-1] if named else unnamed, named[0] if named else "", by_start)


def _rest(parts: Iterable[Part], name: str) -> list[Part]:
    sums: dict[int, int] = defaultdict(int)
    for part in parts:
        for start, figures in part.by_start.items():
            sums[start] += figures
    return [Part(name, "", sums)] if sums else []


def _columns(group: Group, by: str) -> Group:
    """Of one division, out of those of all."""
    at = 0
    for name in DIVIDED_BY:
        end = at + len(GROUPS[name])
        if name == by:
            return group[at:end]
        at = end
    return ()
