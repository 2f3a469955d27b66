"""A relay on SQLite that is to move, and `manage.py` beside it."""

from __future__ import annotations

from proxy.simulator import Simulator
from tests import managing, templates
from tests.running import Relay


def command(relay: Relay, *arguments: str, **environ: str) -> managing.Done:
    return managing.run(arguments, relay.environ | environ)


def outgrown(simulator: Simulator) -> Relay:
    relay = Relay(TARGET_BASE_URL=simulator.base_url, DATABASE_URL="")
    templates.copy_sqlite(relay.data_dir / "relay.db")
    return relay
