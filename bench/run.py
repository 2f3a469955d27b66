"""`make bench`: the provider alone, a bare Daphne and the relay, measured in turn in one run.

Everything it starts lives in a temporary folder and ends with it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import phases, processes, report
from bench.phases import ALL, KEY, PHASES, Phase, Target
from bench.report import Results

PROVIDER_KEY = "sk-provider-of-the-benchmark"


@contextlib.contextmanager
def targets(
    folder: Path, logs: Path, wanted: tuple[str, ...], database_url: str
) -> Iterator[dict[str, Target]]:
    ports = {name: processes.free_port() for name in ALL}
    with contextlib.ExitStack() as stack:
        found = {}
        provider = _start_provider(stack, ports["direct"], folder, logs)
        if "direct" in wanted:
            found["direct"] = Target("direct", ports["direct"], {"simulator": provider})
        if "daphne" in wanted:
            command = ("-m", "bench.floor", str(ports["daphne"]))
            pid = stack.enter_context(processes.running("daphne", command, ports["daphne"], logs))
            found["daphne"] = Target("daphne", ports["daphne"], {"daphne": pid})
        if "relay" in wanted:
            pid = _start_relay(stack, ports, folder, logs, database_url)
            found["relay"] = Target("relay", ports["relay"], processes.roles(pid), serve_pid=pid)
        for target in found.values():
            target.provider_pid = 0 if target.name == "direct" else provider
        yield found


def _start_provider(stack: contextlib.ExitStack, port: int, folder: Path, logs: Path) -> int:
    command = ("manage.py", "simulate_provider", "--port", str(port), "--quiet")
    return stack.enter_context(
        processes.running("provider", command, port, logs, _isolated(folder / "provider"))
    )


def _start_relay(
    stack: contextlib.ExitStack, ports: dict[str, int], folder: Path, logs: Path, database_url: str
) -> int:
    variables = _isolated(folder / "relay") | {
        "HOST": "127.0.0.1",
        "PORT": str(ports["relay"]),
        "WORKERS": "1",
        "TARGET_BASE_URL": f"http://127.0.0.1:{ports['direct']}/v1",
        "TARGET_API_KEY": PROVIDER_KEY,
        "PROXY_KEY": KEY,
    }
    if database_url:
        variables["DATABASE_URL"] = database_url
    running = processes.running("relay", ("manage.py", "serve"), ports["relay"], logs, variables)
    return stack.enter_context(running)


def _isolated(data: Path) -> dict[str, str]:
    return {"DATA_DIR": str(data), "ENV_FILE": "/dev/null"}


def run(found: dict[str, Target], chosen: list[Phase], seconds: float) -> Results:
    results: Results = {}
    for target in found.values():
        phases.generate(target, Phase("warm-up", "chat", 8), min(seconds, 2.0), 0.0)
    for phase in chosen:
        for name in phase.targets:
            if name in found:
                seen = phases.measure(found[name], phase, seconds)
                results.setdefault(phase.name, {})[name] = seen
                _tell(phase, name, seen)
    return results


def _tell(phase: Phase, name: str, seen: dict[str, Any]) -> None:
    rate = seen["events"] / seen["seconds"] if seen["events"] else seen["requests_per_second"]
    unit = "events/s" if seen["events"] else "requests/s"
    trouble = f"  errors {seen['errors']} {seen['samples'][:1]}" if seen["errors"] else ""
    print(f"{phase.name:12} {name:8} {rate:9.0f} {unit}{trouble}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    names = [phase.name for phase in PHASES]
    parser.add_argument("--quick", action="store_true", help="2 seconds a phase, for a first look")
    parser.add_argument("--duration", type=float, help="seconds a phase (default 8)")
    parser.add_argument("--only", help=f"phases, separated by commas: {', '.join(names)}")
    parser.add_argument("--targets", default=",".join(ALL), help="default %(default)s")
    parser.add_argument(
        "--soak", action="store_true", help=f"also {phases.SOAK_REQUESTS} requests for memory"
    )
    parser.add_argument("--database-url", default="", help="record into this database in place of SQLite")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep what the programs print here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    asked = parser.parse_args()
    only = asked.only.split(",") if asked.only else names
    if unknown := set(only) - set(names):
        parser.error(f"no such phase: {', '.join(sorted(unknown))}")
    seconds = asked.duration or (2.0 if asked.quick else 8.0)
    with tempfile.TemporaryDirectory(prefix="relay-bench-") as name:
        folder = Path(name)
        try:
            logs = asked.logs or folder
            logs.mkdir(parents=True, exist_ok=True)
            with targets(folder, logs, tuple(asked.targets.split(",")), asked.database_url) as found:
                results = run(found, [phase for phase in PHASES if phase.name in only], seconds)
                soaked = phases.soak(found["relay"]) if asked.soak and "relay" in found else None
        except processes.Failed as problem:
            print(problem, file=sys.stderr)
            return 1
    about = report.machine(asked.database_url.split(":", 1)[0] or "SQLite")
    print(report.write(about, results, soaked))
    if asked.json:
        whole = {"machine": about, "bodies": phases.describe_bodies(), "results": results, "soak": soaked}
        asked.json.write_text(json.dumps(whole, indent=1))
    return 0 if not any(seen["errors"] for phase in results.values() for seen in phase.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
