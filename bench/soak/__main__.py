"""A relay under mixed traffic for a long time, faults on a timetable; then all counts are compared.

    python -m bench.soak --minutes 30 --load 0.7 --markdown soak.md

Everything lives in a temporary folder, on the loopback interface, and ends with it. Exit code 1 when a count
differs, a process grows, or something failed that no fault explains.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from bench.processes import Failed
from bench.soak import summary, timetable, verdict
from bench.soak.run import soak

LONGEST_MINUTES = 24 * 60


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default %(default)s)")
    parser.add_argument(
        "--load", type=float, default=0.7, help="share of the capacity, which is measured first (default 0.7)"
    )
    parser.add_argument("--rate", type=float, default=0.0, help="calls a second, in place of --load")
    parser.add_argument("--workers", type=int, default=2, help="of the relay (default %(default)s)")
    parser.add_argument("--faults", default=",".join(timetable.ALL), help="default: %(default)s; or none")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database in place of SQLite")
    parser.add_argument("--folder", type=Path, help="for everything that is written, on a disk with room")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep what the programs print here")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the summary here")
    asked = parser.parse_args(arguments)
    asked.faults = () if asked.faults == "none" else tuple(asked.faults.split(","))
    if unknown := set(asked.faults) - set(timetable.ALL):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    if not 0 < asked.minutes <= LONGEST_MINUTES:
        parser.error(f"--minutes is between 0 and {LONGEST_MINUTES}")
    asked.seconds = 60 * asked.minutes
    return asked


def main() -> int:
    asked = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    with tempfile.TemporaryDirectory(prefix="relay-soak-", dir=asked.folder) as name:
        logs = asked.logs or Path(name)
        logs.mkdir(parents=True, exist_ok=True)
        try:
            found = soak(asked, Path(name), logs)
        except Failed as problem:
            print(problem, file=sys.stderr)
            return 1
    verdicts = verdict.judge(found)
    text = summary.write(found, verdicts)
    print(text)
    if asked.markdown:
        asked.markdown.write_text(text)
    return 0 if all(each.passed for each in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
