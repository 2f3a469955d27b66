"""What one process of the lane counts beside its records: plain integers, so a call costs almost nothing.

Names of providers and codes of errors are bounded by the configuration and by `errors`; nothing here is a
client's own word.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from logs_app.metrics import Sample, published

from .cache.store import Counters
from .limits import FallbackLimiter

if TYPE_CHECKING:
    from .runtime import Runtime

# Seconds until the head of a provider's answer.
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Times:
    """A histogram of seconds."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds

    def sample(self, name: str, **labels: str) -> Sample:
        running = list(accumulate(self._counts))
        buckets = tuple(zip((*BOUNDS, math.inf), running, strict=True))
        return Sample(name, running[-1], labels, buckets, self._total)


class Measures:
    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()  # by the code that the caller got
        self.attempts: Counter[tuple[str, str]] = Counter()  # by provider and what came of them
        self.endpoints: set[str] = set()  # that were seen under way: those without a call say 0
        self._waits: defaultdict[str, Times] = defaultdict(Times)

    def tried(self, attempts: Iterable[dict[str, Any]]) -> None:
        """The attempts of one call, when it is over."""
        for attempt in attempts:
            provider, status = attempt["provider"], attempt["status"]
            self.attempts[provider, attempt["error"] or (str(status) if status else "cancelled")] += 1
            self._waits[provider].add(attempt["latency_us"] / 1e6)

    def samples(self) -> Iterator[Sample]:
        for code, count in self.refusals.items():
            yield Sample("llm_proxy_refusals_total", count, {"code": code})
        for (provider, result), count in self.attempts.items():
            yield Sample("llm_proxy_attempts_total", count, {"provider": provider, "result": result})
        for provider, times in self._waits.items():
            yield times.sample("llm_proxy_provider_latency_seconds", provider=provider)


def of(runtime: Runtime) -> Iterator[Sample]:
    """All that a process of the lane has to say."""
    yield from runtime.measures.samples()
    for (provider, reason), count in runtime.health.ejections.items():
        labels = {"provider": provider, "reason": reason}
        yield Sample("llm_proxy_provider_ejections_total", count, labels)
    yield from _active(runtime)
    yield from _journal(runtime)
    if runtime.cache is not None:
        yield from _cache(runtime.cache.counters)
    yield Sample("llm_proxy_unknown_key_calls_total", runtime.unknown_key_calls)
    yield from _limits(runtime)
    yield from published.of_this_process()


def _active(runtime: Runtime) -> Iterator[Sample]:
    calls = [exchange.call for exchange in runtime.exchanges]
    active = Counter(call.endpoint.template for call in calls)
    runtime.measures.endpoints.update(active)
    for endpoint in runtime.measures.endpoints:
        yield Sample("llm_proxy_active_requests", active[endpoint], {"endpoint": endpoint})
    yield Sample("llm_proxy_active_streams", sum(call.is_streaming for call in calls))
    yield Sample("llm_proxy_held_bytes", runtime.held_bytes)


def _limits(runtime: Runtime) -> Iterator[Sample]:
    """Without Redis nothing can be away."""
    shared = runtime.limiter if isinstance(runtime.limiter, FallbackLimiter) else None
    yield Sample("llm_proxy_limits_degraded", float(shared is not None and shared.is_degraded))
    yield Sample("llm_proxy_limits_degraded_calls_total", shared.degraded_calls if shared else 0)


def _cache(counters: Counters) -> Iterator[Sample]:
    found = counters.as_dict()
    yield Sample("llm_proxy_cache_entries", found.pop("entries"))
    yield Sample("llm_proxy_cache_bytes", found.pop("bytes"))
    for event, count in found.items():
        yield Sample("llm_proxy_cache_events_total", count, {"event": event})


def _journal(runtime: Runtime) -> Iterator[Sample]:
    journal = runtime.journal
    yield Sample("llm_proxy_journal_bytes_total", journal.appended_bytes)
    yield Sample("llm_proxy_journal_dropped_bodies_total", journal.dropped_bodies)
    yield Sample("llm_proxy_journal_dropped_entries_total", journal.dropped_entries + journal.refused_entries)
    yield Sample("llm_proxy_journal_degraded", float(journal.is_degraded))
