"""What is measured, in which order, and against whom."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench import processes
from bench.bodies import BODIES
from bench.processes import ROOT, Failed

KEY = "sk-bench-0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    body: str
    connections: int
    rounds: int = 0
    """Answers per connection; 0 measures for a time."""
    targets: tuple[str, ...] = ("direct", "relay")
    ramp_seconds: float = 0.0
    is_cached: bool = False
    """The same question again and again, answered from the relay's cache."""


ALL = ("direct", "daphne", "relay")
PHASES = [
    Phase("c1", "chat", 1, targets=ALL),
    Phase("c16", "chat", 16, targets=ALL),
    Phase("c64", "chat", 64, targets=ALL),
    Phase("hits16", "chat", 16, targets=("relay",), is_cached=True),
    Phase("hits_stream", "stream_fast", 16, targets=("relay",), is_cached=True),
    Phase("image1m", "image", 4),
    Phase("stream50", "stream", 50, rounds=3, ramp_seconds=1.0),
    Phase("stream200", "stream", 200, rounds=3, ramp_seconds=1.0),
    Phase("stream_fast", "stream_fast", 16),
]
SOAK_REQUESTS = 50_000
WARMUP_SECONDS = 0.5
QUIET_SECONDS = 6.0
DISTURBED_PERCENT = 20.0


@dataclass(slots=True)
class Target:
    name: str
    port: int
    pids: dict[str, int] = field(default_factory=dict)
    """Role to pid: whose CPU is counted for it."""
    provider_pid: int = 0
    serve_pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"


def generate(target: Target, phase: Phase, seconds: float, warmup_seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.load", "--url", target.url, "--key", KEY, "--body", phase.body]
    command += ["--connections", str(phase.connections), "--ramp", str(phase.ramp_seconds)]
    if phase.rounds:
        command += ["--requests", str(phase.rounds * phase.connections)]
    else:
        command += ["--seconds", str(seconds), "--warmup", str(warmup_seconds)]
    if phase.is_cached:
        command.append("--cached")
    if target.name == "daphne":
        command.append("--any-answer")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"the load generator failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def measure(target: Target, phase: Phase, seconds: float) -> dict[str, Any]:
    """Once more when others disturbed it: the quieter of the two counts."""
    results = []
    for _ in range(2):
        processes.wait_for_quiet(QUIET_SECONDS)
        results.append(_measure_once(target, phase, seconds))
        if results[-1]["foreign_cpu_percent"] <= DISTURBED_PERCENT:
            break
    return min(results, key=lambda result: result["foreign_cpu_percent"])


def _measure_once(target: Target, phase: Phase, seconds: float) -> dict[str, Any]:
    """What the load generator saw, with the CPU each process used for it, also after the last answer."""
    if target.serve_pid:
        target.pids = processes.roles(target.serve_pid)
    counted = target.pids | {"provider": target.provider_pid}
    before = {role: processes.cpu_seconds(pid) for role, pid in counted.items()}
    busy, began = processes.machine_busy_seconds(), time.monotonic()
    result = generate(target, phase, seconds, WARMUP_SECONDS)
    if "recorder" in target.pids:
        result["drain_seconds"] = round(processes.wait_until_idle(target.pids["recorder"]), 2)
    if target.serve_pid and (now := processes.roles(target.serve_pid)) != target.pids:
        result["errors"]["restarted"] = len(now.items() - target.pids.items())
    busy, took = processes.machine_busy_seconds() - busy, time.monotonic() - began
    cpu = {role: processes.cpu_seconds(pid) - before[role] for role, pid in counted.items()}
    # Others on the same machine blur every figure: say how many of them there were.
    foreign = busy - sum(cpu.values()) - result["cpu_seconds"]
    result["foreign_cpu_percent"] = round(100 * max(0.0, foreign) / took, 1)
    result["provider_cpu_seconds"] = cpu.pop("provider")
    answered = max(1, result["requests"])
    result["cpu_seconds_by_role"] = cpu
    result["cpu_ms_per_request"] = {role: 1000 * used / answered for role, used in cpu.items()}
    if result["events"]:
        events = result["events"]
        result["cpu_seconds_per_1000_events"] = {role: 1000 * used / events for role, used in cpu.items()}
    result["rss_mb"] = {role: processes.rss_bytes(pid) / 1e6 for role, pid in target.pids.items()}
    return result


def soak(target: Target, requests: int = SOAK_REQUESTS) -> dict[str, Any]:
    """Does the worker grow? Memory before and after so many requests."""
    phase = Phase("soak", "chat", 16, rounds=requests // 16)
    before = processes.rss_bytes(target.pids["worker"]) / 1e6
    result = measure(target, phase, 0.0)
    return result | {"rss_before_mb": before, "rss_after_mb": result["rss_mb"]["worker"]}


def describe_bodies() -> dict[str, int]:
    return {name: len(body) for name, body in BODIES.items()}
