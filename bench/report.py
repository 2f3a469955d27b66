"""The figures as Markdown: machine, tables, and the targets with pass or miss."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Results = dict[str, dict[str, dict[str, Any]]]
"""Phase to target to what was measured."""

ADDED = "added p50 / p95 / p99 ms"
PACKAGES = ("Django", "daphne", "Twisted", "aiohttp", "httpx", "uvloop", "orjson", "cryptography")


def machine(database: str) -> dict[str, str]:
    cpus = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return {
        "CPU": f"{cpus[0] if cpus else platform.processor()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "Database": database,
    }


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def write(about: dict[str, str], results: Results, soaked: dict[str, Any] | None) -> str:
    parts = ["\n".join(f"- {name}: {value}" for name, value in about.items())]
    plain = [phase for phase in results if "stream" not in phase]
    streams = [phase for phase in results if "stream" in phase]
    if plain:
        parts.append(_requests_table(results, plain))
    if streams:
        parts.append(_streams_table(results, streams))
    if soaked:
        parts.append(
            f"Worker memory before and after {soaked['requests']} requests: "
            f"{soaked['rss_before_mb']:.1f} MB → {soaked['rss_after_mb']:.1f} MB."
        )
    parts.append(targets_table(judge(results, soaked)))
    return "\n\n".join(parts) + "\n"


def _requests_table(results: Results, phases: list[str]) -> str:
    lines = _head("requests/s", "p50 ms", "p95 ms", "p99 ms", ADDED, "CPU ms/request")
    for phase in phases:
        for target, seen in results[phase].items():
            spread = seen["latency_ms"] or {}
            lines.append(
                f"| {phase} | {target} | {seen['requests_per_second']:.0f} | {_three(spread)} "
                f"| {_added(results[phase], target, 'latency_ms')} | {_cpu(seen['cpu_ms_per_request'])} "
                f"| {sum(seen['errors'].values())} | {seen['foreign_cpu_percent']:.0f} |"
            )
    return "\n".join(lines)


def _streams_table(results: Results, phases: list[str]) -> str:
    lines = _head("events/s", "first token p50 ms", ADDED, "stream p50 / p99 ms", "CPU s/1000 events")
    for phase in phases:
        for target, seen in results[phase].items():
            first, whole = seen["first_token_ms"] or {}, seen["stream_ms"] or {}
            lines.append(
                f"| {phase} | {target} | {seen['events'] / seen['seconds']:.0f} | {first.get('p50', 0):.2f} "
                f"| {_added(results[phase], target, 'first_token_ms')} "
                f"| {whole.get('p50', 0):.0f} / {whole.get('p99', 0):.0f} "
                f"| {_cpu(seen['cpu_seconds_per_1000_events'])} | {sum(seen['errors'].values())} "
                f"| {seen['foreign_cpu_percent']:.0f} |"
            )
    return "\n".join(lines)


def _head(*columns: str) -> list[str]:
    columns = ("phase", "target", *columns, "errors", "foreign CPU %")
    return [f"| {' | '.join(columns)} |", "|---|---|" + "---:|" * (len(columns) - 2)]


def _three(spread: dict[str, float]) -> str:
    return " | ".join(f"{spread.get(part, 0):.2f}" for part in ("p50", "p95", "p99"))


def _added(phase: dict[str, dict[str, Any]], target: str, what: str) -> str:
    direct, seen = phase.get("direct", {}).get(what), phase[target][what]
    if target == "direct" or not direct or not seen:
        return "–"
    return " / ".join(f"{seen[part] - direct[part]:.2f}" for part in ("p50", "p95", "p99"))


def _cpu(by_role: dict[str, float]) -> str:
    shown = {role: used for role, used in by_role.items() if role != "console"}
    return ", ".join(f"{role} {used:.3f}" for role, used in shown.items()) or "–"


@dataclass(frozen=True, slots=True)
class Verdict:
    target: str
    limit: str
    reached: str
    passed: bool


def judge(results: Results, soaked: dict[str, Any] | None) -> list[Verdict]:
    """The targets of the project, as far as this run measured them."""
    verdicts: list[Verdict] = []
    everything = [seen for phase in results.values() for seen in phase.values()] + (
        [soaked] if soaked else []
    )
    wrong = sum(sum(seen["errors"].values()) for seen in everything)

    def add(target: str, limit: str, reached: str, passed: bool) -> None:
        verdicts.append(Verdict(target, limit, reached, passed))

    add("every answer right, no process restarted", "0 errors", f"{wrong} errors", wrong == 0)
    c1, c16 = results.get("c1", {}), results.get("c16", {})
    if "relay" in c16:
        cpu = c16["relay"]["cpu_ms_per_request"]
        rate = c16["relay"]["requests_per_second"]
        if "daphne" in c16:
            floor = c16["daphne"]["cpu_ms_per_request"]["daphne"]
            times = cpu["worker"] / floor
            add(
                "worker CPU per request against a bare Daphne",
                "≤ 2 ×",
                f"{times:.2f} × ({floor:.2f} ms)",
                times <= 2,
            )
        both = cpu["worker"] + cpu["recorder"]
        add("worker + recorder CPU per request", "≤ 0.9 ms", f"{both:.2f} ms", both <= 0.9)
        add("requests/s at 16 connections", "≥ 2000", f"{rate:.0f}", rate >= 2000)
    if "relay" in c1 and "direct" in c1:
        added = _median(c1["relay"], "latency_ms") - _median(c1["direct"], "latency_ms")
        add("added p50 at one connection", "≤ 1.5 ms", f"{added:.2f} ms", added <= 1.5)
    _judge_streams(results, add)
    _judge_memory(results, soaked, add)
    return verdicts


def _median(seen: dict[str, Any], what: str) -> float:
    """Endless when no answer was right."""
    return (seen[what] or {}).get("p50", math.inf)


def _judge_streams(results: Results, add: Any) -> None:
    if "relay" in results.get("stream50", {}):
        costs = results["stream50"]["relay"].get("cpu_seconds_per_1000_events", {})
        cost = costs.get("worker", math.inf)
        add("worker CPU per 1000 events (50 streams, 20 ms apart)", "≤ 0.10 s", f"{cost:.3f} s", cost <= 0.10)
    many = results.get("stream200", {})
    if {"relay", "direct"} <= many.keys():
        seen, direct = many["relay"], many["direct"]
        stretch = 100 * (_median(seen, "stream_ms") / _median(direct, "stream_ms") - 1)
        add("stretch of 200 streams of 50 events/s", "≤ 2 %", f"{stretch:.1f} %", stretch <= 2)


def _judge_memory(results: Results, soaked: dict[str, Any] | None, add: Any) -> None:
    sizes = [seen["relay"]["rss_mb"]["worker"] for seen in results.values() if "relay" in seen]
    if soaked:
        sizes.append(soaked["rss_after_mb"])
        growth = 100 * (soaked["rss_after_mb"] / soaked["rss_before_mb"] - 1)
        add(
            f"growth of a worker over {soaked['requests']} requests",
            "≤ 10 %",
            f"{growth:.1f} %",
            growth <= 10,
        )
    if sizes:
        add("RSS of a worker", "≤ 150 MB", f"{max(sizes):.0f} MB", max(sizes) <= 150)


def targets_table(verdicts: list[Verdict]) -> str:
    lines = ["| target | limit | reached | |", "|---|---|---|---|"]
    lines += [
        f"| {v.target} | {v.limit} | {v.reached} | {'pass' if v.passed else '**miss**'} |" for v in verdicts
    ]
    return "\n".join(lines)
