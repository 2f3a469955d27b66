"""One soak from beginning to end."""

from __future__ import annotations

import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from bench import report
from bench.processes import Failed
from bench.soak import calls, counts, faults, logbook, timetable
from bench.soak.counts import Clients
from bench.soak.faults import Hands, Window
from bench.soak.following import Follower
from bench.soak.sampling import Sampler, free_mb
from bench.soak.verdict import Findings
from bench.soak.visitor import Visitor
from bench.soak.world import World, traffic

SEARCHED_SECONDS, SEARCHING_CALLERS = 20.0, 48
SECOND_HALF = 10_000_000  # numbers of the calls that capacity was looked for with lie below
SETTLE_SECONDS = 600.0
LEAST_FREE_MB = 2000.0
SAMPLES = 400


def soak(asked: Namespace, folder: Path, logs: Path) -> Findings:
    for name in ("relay.log", "search.notes", "soak.notes"):
        (logs / name).unlink(missing_ok=True)
    with ExitStack() as stack:
        world = stack.enter_context(World(folder, logs, asked.workers, asked.database_url))
        follower = stack.enter_context(closing(Follower(world.events_path)))
        hands = Hands(world, hold_seconds=min(5.0, 0.05 * asked.seconds))
        hands.furnish_keys()
        stack.enter_context(_beside(follower.run))
        capacity = 0.0 if asked.rate else _capacity(world)
        rate = asked.rate or asked.load * capacity
        _tell(f"{rate:.0f} calls a second for {asked.seconds:.0f} s")
        windows, visitor, sampler = _put_under_load(world, hands, asked, rate)
        began = time.time()
        _settle(world)
        settled = time.time() - began
        return _find_out(world, asked, (capacity, rate, settled), windows, visitor, sampler, follower)


def _capacity(world: World) -> float:
    """Calls a second, the time for recording and telling them included: more would pile up."""
    began = time.monotonic()
    how = ("--callers", str(SEARCHING_CALLERS), "--seconds", str(SEARCHED_SECONDS))
    notes = world.logs / "search.notes"
    with traffic(world, notes, *how) as clients:
        clients.wait()
    _settle(world)
    made = sum(1 for _ in calls.read(notes))
    return made / (time.monotonic() - began)


def _put_under_load(
    world: World, hands: Hands, asked: Namespace, rate: float
) -> tuple[list[Window], Visitor, Sampler]:
    windows: list[Window] = []
    visitor, sampler = Visitor(world.url), Sampler(world.pids, min(5.0, max(0.5, asked.seconds / SAMPLES)))
    entries = timetable.plan(asked.seconds, asked.faults)
    how = ("--rate", str(rate), "--seconds", str(asked.seconds), "--first", str(SECOND_HALF))
    with (
        traffic(world, world.logs / "soak.notes", *how) as clients,
        _beside(visitor.run),
        _beside(sampler.run),
        _beside(lambda stopping: faults.play(hands, entries, time.time(), windows), hands.stopping),
    ):
        _watch(world, clients, asked.seconds, windows)
    if clients.returncode:
        raise Failed(
            f"The clients ended with {clients.returncode}: {(world.logs / 'traffic.log').read_text()}"
        )
    return windows, visitor, sampler


def _watch(world: World, clients: Any, seconds: float, windows: list[Window]) -> None:
    """Until the clients are done, which they are by themselves."""
    ends_at, told = time.monotonic() + seconds + 180, 0
    while clients.poll() is None:
        if time.monotonic() > ends_at:
            raise Failed("The clients did not end.")
        if free_mb(world.folder) < LEAST_FREE_MB:
            raise Failed(f"Less than {LEAST_FREE_MB:.0f} MB are free in {world.folder}.")
        for window in windows[told:]:
            _tell(window.fault)
        told = len(windows)
        time.sleep(0.5)


def _settle(world: World) -> None:
    """Until everything is recorded and told."""

    left: dict[str, float] = {}

    def is_quiet() -> bool:
        found = counts.read_metrics(world.manage)
        busy = ("llm_proxy_active_requests", "llm_proxy_recorder_lag_bytes", "llm_proxy_dispatcher_lag")
        left.update({name: found.get(name, 0) for name in busy})
        return not any(left.values())

    try:
        world.wait_for("everything is recorded and told", is_quiet, SETTLE_SECONDS)
        time.sleep(1.5)  # what each process publishes is a second old at most
        world.wait_for("everything is recorded and told", is_quiet, SETTLE_SECONDS)
    except Failed as problem:
        raise Failed(f"{problem} Left: {left}") from None


def _find_out(
    world: World,
    asked: Namespace,
    speeds: tuple[float, float, float],
    windows: list[Window],
    visitor: Visitor,
    sampler: Sampler,
    follower: Follower,
) -> Findings:
    notes = [path for path in (world.logs / "search.notes", world.logs / "soak.notes") if path.exists()]
    clients = Clients.of(calls.read(*notes), windows)
    records = counts.read_records(world.manage, clients.answered)
    metrics, statistics = counts.read_metrics(world.manage), counts.read_statistics(world.manage)
    time.sleep(1.0)
    follower.read()
    failures = [words for at, words in visitor.failures if not logbook.is_explained(at, windows)]
    capacity, rate, settled = speeds
    return Findings(
        asked.seconds,
        capacity,
        rate,
        clients,
        records,
        counts.compare(clients, records, follower.ids),
        metrics,
        statistics,
        follower.lines,
        windows,
        [life for life in sampler.lives.values() if life.samples],
        logbook.complaints(_lines(world), windows),
        failures,
        visitor.seen,
        settled,
        report.machine(asked.database_url.split(":", 1)[0] or "SQLite"),
    )


def _lines(world: World) -> list[str]:
    return world.log_path.read_text(errors="replace").splitlines() if world.log_path.exists() else []


@contextmanager
def _beside(work: Callable[[threading.Event], None], stopping: threading.Event | None = None) -> Any:
    stopping = stopping or threading.Event()
    thread = threading.Thread(target=work, args=(stopping,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(60)


def _tell(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)
