"""The load generator: `python -m bench.load --url … --body chat --connections 16 --seconds 5` prints JSON.

A process of its own, so that its work is not counted as anybody else's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import resource
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.bodies import BODIES
from bench.client import Aim, Client, Tally

FINISH_SECONDS = 30.0


class Shift:
    """For how long, or how often, the clients go on."""

    def __init__(self, seconds: float, requests: int) -> None:
        self._left = requests
        self._ends_at = math.inf if requests else perf_counter() + seconds
        self._is_counted = bool(requests)

    def wants_more(self) -> bool:
        if self._is_counted:
            self._left -= 1
            return self._left >= 0
        return perf_counter() < self._ends_at


def aim_at(url: str, key: str, body: str, checks_answers: bool = True, *, is_cached: bool = False) -> Aim:
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"host: {parts.netloc}",
        "user-agent: bench",
        "accept: application/json",
        "content-type: application/json",
        f"authorization: Bearer {key}",
        *(["x-relay-cache: 3600"] if is_cached else []),
    ]
    head = "".join(f"{line}\r\n" for line in lines).encode()
    return Aim(parts.hostname, parts.port, head, BODIES[body], checks_answers, is_cached)


async def load(
    aim: Aim,
    *,
    connections: int,
    seconds: float = 0.0,
    requests: int = 0,
    warmup_seconds: float = 0.0,
    ramp_seconds: float = 0.0,
) -> dict[str, Any]:
    """Either for so many seconds after the warm-up, or exactly so many requests."""
    tally = Tally(is_measuring=warmup_seconds == 0)
    shift = Shift(warmup_seconds + seconds, requests)
    clients = [Client(aim, tally, shift) for _ in range(connections)]
    opening = asyncio.create_task(_open(clients, ramp_seconds))
    if warmup_seconds:
        await asyncio.sleep(warmup_seconds)
        tally.is_measuring = True
    began = perf_counter()
    before = tally.done
    await opening
    await _wait(clients, (seconds or 3600.0) + FINISH_SECONDS)
    took = perf_counter() - began
    return _summary(tally, connections, took, tally.done - before)


async def _open(clients: list[Client], ramp_seconds: float) -> None:
    for client in clients:
        await client.open()
        if ramp_seconds:
            await asyncio.sleep(ramp_seconds / len(clients))


async def _wait(clients: list[Client], seconds: float) -> None:
    await asyncio.wait([client.ended for client in clients], timeout=seconds)
    for client in clients:
        if not client.ended.done():
            client.give_up()


def _summary(tally: Tally, connections: int, took: float, done: int) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "connections": connections,
        "requests": tally.done,
        "measured": tally.measured,
        "errors": tally.errors,
        "samples": tally.samples,
        "seconds": took,
        "requests_per_second": done / took if took else 0.0,
        "events": tally.events,
        "latency_ms": spread(tally.latencies),
        "first_token_ms": spread(tally.first_tokens),
        "stream_ms": spread(tally.durations),
        "cpu_seconds": used.ru_utime + used.ru_stime,
    }


def spread(seconds: list[float]) -> dict[str, float] | None:
    """Percentiles in milliseconds."""
    if not seconds:
        return None
    ordered = sorted(seconds)

    def at(part: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 4)

    mean = round(1000 * sum(ordered) / len(ordered), 4)
    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1), "mean": mean}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.load", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default="sk-bench")
    parser.add_argument("--body", choices=BODIES, default="chat")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to measure")
    parser.add_argument("--requests", type=int, default=0, help="exactly so many in place of --seconds")
    parser.add_argument("--warmup", type=float, default=0.0, help="seconds before the measurement")
    parser.add_argument("--ramp", type=float, default=0.0, help="seconds over which connections open")
    parser.add_argument("--any-answer", action="store_true", help="do not look into the answers")
    parser.add_argument("--cached", action="store_true", help="ask the same, and for a stored answer")
    asked = parser.parse_args()
    gc.disable()
    result = uvloop.run(
        load(
            aim_at(asked.url, asked.key, asked.body, not asked.any_answer, is_cached=asked.cached),
            connections=asked.connections,
            seconds=asked.seconds,
            requests=asked.requests,
            warmup_seconds=asked.warmup,
            ramp_seconds=asked.ramp,
        )
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
