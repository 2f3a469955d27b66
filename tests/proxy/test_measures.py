from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

from proxy import measures
from proxy.cache.store import Counters
from proxy.health import Outcome
from proxy.limits.fallback import FallbackLimiter
from proxy.limits.local import LocalLimiter
from proxy.limits.shared import SharedLimiter
from proxy.measures import Measures, Times
from proxy.simulator import Simulator
from tests.accounts.limited import budgets
from tests.proxy.lanes import Lane, until


def test_times_fall_into_buckets_that_count_up() -> None:
    times = Times()
    for seconds in (0.01, 0.2, 0.2, 1000.0):
        times.add(seconds)
    sample = times.sample("h", provider="a")
    counts = dict(sample.buckets)
    assert (counts[0.05], counts[0.25], counts[300.0], counts[float("inf")]) == (1, 3, 3, 4)
    assert (sample.value, round(sample.total, 2)) == (4, 1000.41)


def test_an_attempt_counts_by_its_status_or_its_error() -> None:
    found = Measures()
    found.tried(
        [
            {"provider": "a", "status": None, "error": "upstream_timeout", "latency_us": 5_000_000},
            {"provider": "b", "status": 200, "error": None, "latency_us": 1000},
            {"provider": "b", "status": None, "error": None, "latency_us": 1000},
        ]
    )
    assert found.attempts == {("a", "upstream_timeout"): 1, ("b", "200"): 1, ("b", "cancelled"): 1}


def named(lane: Lane, name: str) -> dict[tuple[str, ...], float]:
    found = [sample for sample in measures.of(lane.runtime) if sample.name == f"llm_proxy_{name}"]
    return {tuple(sample.labels.values()): sample.value for sample in found}


async def test_a_call_is_active_until_it_ends_and_then_counts_as_an_attempt(
    lane: Lane, sim: Simulator
) -> None:
    call = asyncio.ensure_future(lane.chat("[[sim chunks=20 delay=30]]", stream=True))
    await until(lambda: named(lane, "active_requests") == {("/v1/chat/completions",): 1})
    assert named(lane, "active_streams") == {(): 1}
    await call
    assert named(lane, "active_requests") == {("/v1/chat/completions",): 0}
    assert named(lane, "attempts_total") == {("default", "200"): 1}
    assert named(lane, "provider_latency_seconds") == {("default",): 1}


async def test_refusals_count_by_their_code(lane: Lane) -> None:
    await lane.chat(secret="sk-nobody-knows-it")
    await lane.call("POST", "/v1/chat/completions", b"{not json")
    assert named(lane, "refusals_total") == {("token_not_found",): 1, ("invalid_json",): 1}
    assert named(lane, "unknown_key_calls_total") == {(): 1}


async def test_a_provider_that_is_set_aside_is_an_ejection(lane: Lane) -> None:
    for _ in range(20):
        lane.runtime.health.report(1, Outcome.TRANSPORT, words="reset")
    assert named(lane, "provider_ejections_total") == {("default", "transport"): 1}


async def test_calls_that_are_counted_without_redis_are_told(lane: Lane, tmp_path: Path) -> None:
    assert (named(lane, "limits_degraded"), named(lane, "limits_degraded_calls_total")) == ({(): 0}, {(): 0})
    own = lane.runtime.limiter
    away = SharedLimiter("redis://127.0.0.1:1/0")
    lane.runtime.limiter = limiter = FallbackLimiter(away, LocalLimiter(tmp_path))
    try:
        await limiter.take(budgets(minute=10), (1, 0, 0))
        assert named(lane, "limits_degraded") == {(): 1}
        assert named(lane, "limits_degraded_calls_total") == {(): 1}
    finally:
        lane.runtime.limiter = own
        await limiter.aclose()


async def test_the_cache_tells_what_it_did_and_holds(lane: Lane) -> None:
    counters = Counters(hits=3, entries=2, bytes=500)
    lane.runtime.cache = SimpleNamespace(counters=counters, aclose=asyncio.Event().set)  # type: ignore[assignment]
    try:
        assert named(lane, "cache_events_total")["hits",] == 3
        assert (named(lane, "cache_entries"), named(lane, "cache_bytes")) == ({(): 2}, {(): 500})
    finally:
        lane.runtime.cache = None
