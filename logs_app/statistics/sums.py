"""The sums that answer a question, by group and by interval.

From the rollups where they know all that is asked for; else, as for a session or a tag or by the minute,
from the newest records that fit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from logs_app import rollups
from logs_app.identifiers import milliseconds_of
from logs_app.models import Rollup, Series
from logs_app.rollups import figures, spans
from logs_app.rollups.spans import Stretch
from logs_app.statistics import names
from logs_app.statistics.columns import GROUPS, OF_SERIES
from logs_app.statistics.question import StatisticsFilters

OF_TIME = {"since", "until"}
OF_COARSE = {"project", "model", "provider"}
MOST_RECORDS = 50_000
FEW_SERIES = 200  # of so many the sums are asked by name; of more, all of a stretch are read
FEW_SPANS = 100

Group = tuple[Any, ...]  # the values of the columns of each division


@dataclass(frozen=True, slots=True)
class Answer:
    """`sums` by group and by start of the interval (0 without one), of what came in [since, until)."""

    since: datetime
    until: datetime
    sums: dict[tuple[Group, int], int]
    source: str
    is_capped: bool = False
    records_from: datetime | None = None  # where records were read: of what came before there is none

    @property
    def total(self) -> int:
        return sum(self.sums.values())


def read(asked: StatisticsFilters, records: Any) -> Answer:
    """`records`: those that the asking person may see."""
    is_wide = asked.step_seconds is None or asked.step_seconds >= spans.QUARTER * 60
    is_kept = is_wide and asked.narrowed_by.union(asked.groups) <= OF_SERIES.keys() | OF_TIME
    answer = _from_rollups(asked, records.db) if is_kept else _from_records(asked, records)
    return replace(answer, sums=names.of_today(asked.groups, answer.sums))


def ask(records: Any, since: datetime, until: datetime | None = None, **more: str) -> Answer:
    """A question of the relay's own, in the words of the API. Without an end it is until now."""
    ending = {} if until is None else {"until": until.isoformat()}
    asked = StatisticsFilters.given({**more, "since": since.isoformat(), **ending})
    asked.is_valid(raise_exception=True)
    return read(asked, records)


def count(asked: StatisticsFilters, using: str) -> int:
    """How many records the rollups know of, for questions that they can answer."""
    chosen, stretches = _kept(asked, using)
    series = set(chosen.values_list("id", flat=True))
    return sum(
        figures.records_in(stored)
        for stretch in stretches
        for _, id, stored in _rows(using, stretch, series)
        if id in series
    )


def _from_rollups(asked: StatisticsFilters, using: str) -> Answer:
    series, stretches = _kept(asked, using)
    columns = [column for name in asked.groups for column in GROUPS[name]]
    groups = {row[0]: row[1:] for row in series.values_list("id", *columns)}
    first, last = stretches[0].start, stretches[-1].end
    found = of_series(using, groups, stretches, asked.step_seconds)
    return Answer(_moment(first), _moment(last), found, "rollups")


def _kept(asked: StatisticsFilters, using: str) -> tuple[Any, list[Stretch]]:
    """Of which series the sums answer it, the coarse ones if they can, and of which times."""
    is_coarse = asked.narrowed_by.union(asked.groups) <= OF_COARSE | OF_TIME
    series = Series.objects.using(using).filter(is_coarse=is_coarse)
    step_minutes = (asked.step_seconds or 0) // 60
    lengths = [
        minutes
        for minutes in (rollups.COARSE_SPANS if is_coarse else rollups.FINE_SPANS)
        if not step_minutes % minutes  # nobody looks into it
    ]
    since, until = (moment.timestamp() for moment in asked.range)
    return asked.chosen(series, set(OF_SERIES)), spans.covering(math.floor(since), math.ceil(until), lengths)


def of_series(
    using: str, groups: Mapping[int, Group], stretches: Sequence[Stretch], step: int | None
) -> dict[tuple[Group, int], int]:
    """`groups` by series: those that are wanted, and what each counts for."""
    sums: dict[tuple[Group, int], int] = defaultdict(int)
    for stretch in stretches:
        for start, id, stored in _rows(using, stretch, groups):
            group = groups.get(id)
            if group is not None:
                sums[group, start - start % step if step else 0] += figures.unpack(stored)
    return sums


def _rows(using: str, stretch: Stretch, series: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
    if not series:
        return
    where, given = _where(stretch, series)
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT start, series_id, figures FROM {Rollup._meta.db_table} WHERE minutes = %s AND {where}",
            [stretch.minutes, *given],
        )
        while rows := cursor.fetchmany(2000):
            yield from rows


def _where(stretch: Stretch, series: Collection[int]) -> tuple[str, list[int]]:
    """Few of both are asked for one by one: the index leads to each, past all other series of that time."""
    if len(series) > FEW_SERIES:
        return "start >= %s AND start < %s", [stretch.start, stretch.end]
    named, starts = _any("series_id", series), range(stretch.start, stretch.end, stretch.minutes * 60)
    if len(starts) > FEW_SPANS:
        return f"start >= %s AND start < %s AND {named}", [stretch.start, stretch.end, *series]
    return f"{_any('start', starts)} AND {named}", [*starts, *series]


def _any(column: str, values: Collection[int]) -> str:
    return f"{column} IN ({', '.join(['%s'] * len(values))})"


def _from_records(asked: StatisticsFilters, records: Any) -> Answer:
    step = asked.step_seconds
    columns = [column for name in asked.groups for column in GROUPS[name]]
    fitting = asked.chosen(records, asked.narrowed_by)
    sums: dict[tuple[Group, int], int] = defaultdict(int)
    count = 0
    rows = fitting.order_by("-pk").values(*{*columns, *rollups.COLUMNS})[: MOST_RECORDS + 1]
    for row in rows.iterator(chunk_size=2000):
        count += 1
        if count <= MOST_RECORDS:
            seconds = milliseconds_of(row["id"]) // 1000
            group = tuple(_spelled(row[column]) for column in columns)
            sums[group, seconds - seconds % step if step else 0] += figures.of(row)
    return Answer(*asked.range, sums, "records", count > MOST_RECORDS, _beginning(asked, records))


def _beginning(asked: StatisticsFilters, records: Any) -> datetime | None:
    """Of the records, where what was asked for begins earlier: no sum tells of those that were deleted."""
    since, until = asked.range
    oldest = records.order_by("pk").values_list("pk", flat=True).first()
    begins = until if oldest is None else datetime.fromtimestamp((oldest.int >> 80) / 1000, UTC)
    return begins if begins > since else None


def _spelled(value: Any) -> Any:
    """As the series spell it: there is no answer's status 0."""
    return 0 if value is None else value


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
