"""The sums that are kept, beside those that the records make."""

from __future__ import annotations

from collections import defaultdict

from logs_app import rollups
from logs_app.models import LogRecord, Rollup, Series
from logs_app.rollups import figures
from logs_app.rollups.adding import KEYS, kept_of
from logs_app.rollups.spans import DAY, EVER, QUARTER, start_of

Key = tuple[int, int, tuple]  # minutes, start, values of KEYS


def kept(alias: str) -> dict[Key, int]:
    series = {row[0]: row[1:] for row in Series.objects.using(alias).values_list("id", *KEYS)}
    return {
        (row.minutes, row.start, series[row.series_id]): figures.unpack(row.figures)
        for row in Rollup.objects.using(alias)
    }


def of_records(alias: str) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    for record in LogRecord.objects.using(alias).values(*rollups.COLUMNS):
        milliseconds = record["id"].int >> 80
        for minutes in (QUARTER, DAY, EVER):
            key = (minutes, start_of(milliseconds, minutes), kept_of(record)[: len(KEYS)])
            sums[key] += figures.of(record)
    return dict(sums)
