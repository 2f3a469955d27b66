"""Counters and histograms of the calls that this node has recorded, from the sums over all of time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import Any

from django.db import connections, router

from accounts import money
from logs_app.metrics.sample import Sample, add_up
from logs_app.models import Rollup, Series
from logs_app.rollups import figures, histogram, spans

# A client may write anything into `model` and `method`: what nobody has configured has to have been answered,
# and among the most frequent, to get a label of its own.
OTHER = "other"
MOST_MODELS, MOST_KEYS = 200, 500
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
TOKEN_TYPES = ("prompt", "completion", "cached", "reasoning")
# Prometheus gets every third bound: each doubles the one before.
COARSE = range(0, len(histogram.BOUNDS_MS), 3)
COLUMNS = (
    "id", "project", "key_name", "key_id", "model", "provider", "method", "endpoint", "status_code",
    "outcome",
)  # fmt: skip

Row = dict[str, Any]


def samples(node: str, configured_models: Collection[str]) -> list[Sample]:
    """`configured_models`: names that keep their label however rarely they are asked for."""
    labelled = series(node, configured_models)
    return add_up(sample for sums, labels in labelled for sample in _of(sums, labels))


def series(node: str, configured_models: Collection[str]) -> Iterator[tuple[figures.Sums, dict[str, str]]]:
    """The sums of each series, and what may be a label of them."""
    rows = list(_rows(node))
    models, keys = _models(rows, configured_models), _keys(rows)
    for row in rows:
        labels = {
            "method": row["method"] if row["method"] in METHODS else OTHER,
            "endpoint": row["endpoint"],
            "model": row["model"] if row["model"] in models else OTHER,
            "provider": row["provider"],
            "status_code": str(row["status_code"] or ""),
            "api_key_name": row["key_name"] if row["key_id"] in keys else OTHER,
            "project": row["project"],
            "outcome": row["outcome"],
        }
        yield row["sums"], labels


def _of(sums: figures.Sums, given: dict[str, str]) -> Iterator[Sample]:
    def counter(name: str, value: float, *labels: str, **more: str) -> Sample:
        return Sample(name, value, {label: given[label] for label in labels} | more)

    def times(name: str, counts: Sequence[int], total: float, *labels: str) -> Sample:
        return times_of(name, counts, total, {label: given[label] for label in labels})

    call = ("method", "endpoint", "model", "provider", "status_code")
    far = ("model", "provider")
    yield counter("llm_proxy_requests_total", sums["requests"], *call, "api_key_name")
    yield times("llm_proxy_request_duration_seconds", sums.latencies, sums["latency_us"] / 1e6, *call)
    yield times("llm_proxy_ttft_seconds", sums.ttfts, sums["ttft_us"] / 1e6, *far)
    yield times("llm_proxy_overhead_seconds", sums.relay_times, sums["relay_us"] / 1e6, "endpoint")
    # The bounds are read as tokens per second and not as milliseconds.
    yield _scaled(times("llm_proxy_tokens_per_second", sums.paces, sums["pace_milli"] / 1e6, *far), 1000)
    for kind in TOKEN_TYPES:
        yield counter("llm_proxy_tokens_total", sums[f"{kind}_tokens"], *far, token_type=kind)
    yield counter("llm_proxy_cost_usd_total", sums["cost_nanos"] / money.NANOS, *far, "project")
    yield counter("llm_proxy_cached_answers_total", sums["cache_hits"], *far, "project")
    yield counter("llm_proxy_outcomes_total", sums["requests"], "outcome", *far)
    if given["outcome"] == "client_disconnected":
        yield counter("llm_proxy_client_disconnects_total", sums["requests"], *far)


def times_of(name: str, counts: Sequence[int], total: float, labels: dict[str, str]) -> Sample:
    running = list(accumulate(counts))
    buckets = tuple((histogram.BOUNDS_MS[index] / 1000, running[index]) for index in COARSE)
    return Sample(name, running[-1], labels, (*buckets, (math.inf, running[-1])), total)


def _scaled(sample: Sample, factor: float) -> Sample:
    buckets = tuple((bound * factor, count) for bound, count in sample.buckets)
    return Sample(sample.name, sample.value, sample.labels, buckets, sample.total * factor)


def _rows(node: str) -> Iterator[Row]:
    alias = router.db_for_read(Rollup)
    series = {row["id"]: row for row in Series.objects.using(alias).filter(node=node).values(*COLUMNS)}
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f"SELECT series_id, figures FROM {Rollup._meta.db_table} WHERE minutes = %s AND start = 0",
            [spans.EVER],
        )
        for id, stored in cursor.fetchall():
            if id in series:
                yield series[id] | {"sums": figures.Sums(figures.unpack(stored))}


def _models(rows: list[Row], configured: Collection[str]) -> set[str]:
    answered = Counter[str]()
    for row in rows:
        if 200 <= row["status_code"] < 300:
            answered[row["model"]] += row["sums"]["requests"]
    return {"", *configured, *(name for name, _ in answered.most_common(MOST_MODELS))}


def _keys(rows: list[Row]) -> set[str]:
    used = Counter[str]()
    for row in rows:
        used[row["key_id"]] += row["sums"]["requests"]
    return {id for id, _ in used.most_common(MOST_KEYS)}
