"""What a soak must show, each as a line with its limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.report import Verdict
from bench.soak import growth
from bench.soak.counts import Clients, Compared, Records
from bench.soak.faults import Window
from bench.soak.growth import Growth
from bench.soak.sampling import Life


@dataclass(slots=True)
class Findings:
    """Everything that a run brought to light."""

    seconds: float
    capacity: float
    rate: float
    clients: Clients
    records: Records
    compared: Compared
    metrics: dict[str, float]
    statistics: dict[str, Any]
    events: int
    """Lines in the file; those that came again after a kill count twice."""
    windows: list[Window]
    lives: list[Life]
    complaints: list[str]
    console_failures: list[str]
    console_visits: int
    settled_seconds: float
    """From the last call to the moment when everything was recorded and told."""
    about: dict[str, str] = field(default_factory=dict)


def judge(found: Findings) -> list[Verdict]:
    verdicts = [*_of_calls(found), *_of_counts(found), *_of_faults(found)]
    return verdicts + [_flat(life, each) for life in found.lives for each in growth.of(life)]


def _none(what: str, number: int, of: str = "") -> Verdict:
    return Verdict(what, "0", f"{number}{of}", number == 0)


def _same(what: str, number: float, records: int) -> Verdict:
    return Verdict(what, f"{records}", f"{number:.0f}", number == records)


def _of_calls(found: Findings) -> Iterator[Verdict]:
    calls = sum(found.clients.calls.values())
    unexplained = sum(found.clients.unexplained.values())
    yield _none("calls with a trouble that no fault explains", unexplained, f" of {calls}")
    yield _none(
        "failures of the console beside faults", len(found.console_failures), f" of {found.console_visits}"
    )
    yield _none("errors in the relay's log beside faults", len(found.complaints))


def _of_counts(found: Findings) -> Iterator[Verdict]:
    records, compared, metrics = found.records, found.compared, found.metrics
    yield _none("answered and not recorded", compared.missing, f" of {len(found.clients.answered)}")
    yield _none("recorded twice", compared.twice)
    yield _none("recorded, but asked by nobody", compared.unasked)
    yield _none("recorded with another status than the client's", compared.other_status)
    yield _none("not understood by the recorder", records.misunderstood)
    yield _same(
        "`llm_proxy_requests_total`, against records", metrics["llm_proxy_requests_total"], records.calls
    )
    yield _same("`/manage/stats`, against records", found.statistics["requests"], records.calls)
    tokens = metrics.get("tokens prompt", 0) + metrics.get("tokens completion", 0)
    yield _same("`llm_proxy_tokens_total`, against records", tokens, records.tokens)
    yield _same(
        "tokens of `/manage/stats`, against records", found.statistics["total_tokens"], records.tokens
    )
    yield _none("recorded, but not among the events", compared.not_told, f" of {records.rows}")
    yield _none("among the events, but not recorded", compared.told_unrecorded)
    dropped = metrics.get("llm_proxy_journal_dropped_entries_total", 0)
    dropped += metrics.get("llm_proxy_journal_dropped_bodies_total", 0)
    yield _none("dropped by the journal", int(dropped))


def _of_faults(found: Findings) -> Iterator[Verdict]:
    failed = [f"{window.fault}: {window.problem}" for window in found.windows if window.problem]
    played = f"{len(found.windows)} played"
    yield Verdict("faults that were not mended", "0", "; ".join(failed) or played, not failed)


def _flat(life: Life, seen: Growth) -> Verdict:
    bound, minutes = seen.bound, seen.seconds / 60
    limit = f"≤ {bound.limit(seen.typical):.0f} {bound.unit}".rstrip()
    reached = f"{seen.over_all:+.1f} in {minutes:.0f} min ({seen.typical:.0f}, at most {seen.most:.0f})"
    return Verdict(f"growth of {life.role} {life.pid}: {bound.name}", limit, reached, seen.is_flat)
