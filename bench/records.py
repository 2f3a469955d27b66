"""`python -m bench.records`: how fast records are found, summed up and written, with many of them there.

It fills a database of its own with made-up records, or takes one that was filled by it before, and asks
through the management API and the admin as a script and a person would, within one process.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import django

TOKEN = "token-of-the-benchmark"
RATES = {"sqlite": 1000, "postgresql": 1500}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.records", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="made-up records (%(default)s)")
    parser.add_argument("--database-url", default="", help="an empty database, or one of an earlier run")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the SQLite database here")
    parser.add_argument("--exchanges", type=int, default=3000, help="for the recorder's rate (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relay-bench-") as folder:
        _set_up(asked.data or Path(folder), asked.database_url)
        found = importlib.import_module("bench.finding").measure(asked.count, asked.exchanges)
    print(_table(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))
    return 0 if all(row["seconds"] <= row["aim"] for row in found["questions"]) else 1


def _set_up(folder: Path, database_url: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DATA_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url,
        "MANAGEMENT_TOKEN": TOKEN,
        "ALLOWED_HOSTS": "testserver",
        "MANAGEMENT_RATE_LIMIT_PER_MINUTE": "1000000",
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }
    django.setup()


def _table(found: dict[str, Any]) -> str:
    rates = [f"{name} {found[name]:.0f}/s" for name in ("seeding", "indexing", "recording") if name in found]
    cpu = f"{found['recording_cpu_ms']:.2f} ms of CPU in the recorder's process for each"
    head = (
        f"{found['vendor']}, {found['count']} records: {', '.join(rates)} "
        f"(aim {RATES[found['vendor']]}/s; {cpu})"
    )
    rows = [
        f"| `{row['path']}?{row['query']}` | {row['seconds'] * 1000:.0f} | {row['first'] * 1000:.0f} "
        f"| {row['aim'] * 1000:.0f}{'' if row['seconds'] <= row['aim'] else ' **missed**'} |"
        for row in sorted(found["questions"], key=lambda row: -row["seconds"] / row["aim"])
    ]
    return "\n".join([head, "", "| question | ms | first | aim |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
