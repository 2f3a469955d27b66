"""`make conformance`: finds out what holds and writes the page; with `--check` only says what got worse."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version

import pytest

from proxy.simulator import Simulator
from tests.conformance import findings, gathering, page, versions
from tests.conformance.findings import Finding
from tests.running import ROOT, Relay


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a cell got worse")
    asked = parser.parse_args()
    before = findings.read() if findings.FILE.exists() else []
    found = _find()
    for line in (got_worse := page.worse(found, before)):
        print(f"worse: {line}")
    has_failed = any(each.verdict == "fail" for each in found)
    if not asked.check:
        findings.write(found, _machine())
        page.PAGE.write_text(page.render(found, findings.machine()))
        print(f"{len(found)} findings; written to {page.PAGE} and {findings.FILE.name}")
    return 1 if got_worse or has_failed else 0


def _find() -> list[Finding]:
    pytest.main(["-q", "-m", "conformance", *_files()], plugins=[gathering])
    with Simulator(record=False) as simulator:
        relay = Relay(TARGET_BASE_URL=simulator.base_url)
        try:
            others = list(versions.ask_all(relay.start()))
        finally:
            relay.remove()
    return [*others, *gathering.FOUND]


def _files() -> list[str]:
    """Those with a mark: to collect all tests takes longer than to run these."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path) for path in found if "mark.conformance(" in path.read_text()]


def _machine() -> dict[str, str]:
    database = "PostgreSQL" if os.environ.get("TEST_DATABASE_URL") else "SQLite"
    shared = "Redis" if os.environ.get("TEST_REDIS_URL") else "none"
    return {
        "Python": platform.python_version(),
        "Django": version("django"),
        "database": database,
        "shared memory": shared,
        "cores": str(os.cpu_count()),
    }


if __name__ == "__main__":
    sys.exit(main())
