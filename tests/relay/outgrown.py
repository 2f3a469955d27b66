"""A relay on SQLite that is to move, and `manage.py` beside it."""

from __future__ import annotations

import subprocess
import sys

from proxy.simulator import Simulator
from tests import templates
from tests.running import ROOT, Relay


def command(relay: Relay, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=relay.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def outgrown(simulator: Simulator) -> Relay:
    relay = Relay(TARGET_BASE_URL=simulator.base_url, DATABASE_URL="")
    templates.copy_sqlite(relay.data_dir / "relay.db")
    return relay
