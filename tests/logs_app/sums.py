"""The sums that are kept, beside those that the records make."""

from __future__ import annotations

from collections import defaultdict

from logs_app import rollups
from logs_app.identifiers import milliseconds_of
from logs_app.models import LogRecord, Rollup, Series
from logs_app.rollups import figures
from logs_app.rollups.adding import KEYS, coarse_of, kept_of
from logs_app.rollups.spans import EVER, start_of

Key = tuple[int, int, tuple]  # minutes, start, values of KEYS and whether it is coarse


def kept(alias: str) -> dict[Key, int]:
    rows = Series.objects.using(alias).values_list("id", *KEYS, "is_coarse")
    series = {row[0]: row[1:] for row in rows}
    return {
        (row.minutes, row.start, series[row.series_id]): figures.unpack(row.figures)
        for row in Rollup.objects.using(alias)
    }


def of_records(alias: str) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    for record in LogRecord.objects.using(alias).values(*rollups.COLUMNS):
        seconds = milliseconds_of(record["id"]) // 1000
        fine = kept_of(record)
        for series, lengths in (
            (fine, (EVER, *rollups.FINE_SPANS)),
            (coarse_of(fine), rollups.COARSE_SPANS),
        ):
            for minutes in lengths:
                key = (minutes, start_of(seconds, minutes), (*series[: len(KEYS)], series[-1]))
                sums[key] += figures.of(record)
    return dict(sums)
