"""`manage.py copy_database`: what it refuses to copy from. What it copies: test_moving.py."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from proxy.simulator import Simulator
from tests import templates
from tests.relay.outgrown import command, outgrown
from tests.running import Relay


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "still names"),
        (("--from", "/nowhere/relay.db"), "There is no database /nowhere/relay.db"),
    ],
)
def test_not_from_what_is_no_other_database(
    arguments: tuple[str, ...], words: str, simulator: Simulator
) -> None:
    relay = outgrown(simulator)
    refused = command(relay, "copy_database", *arguments)
    relay.remove()
    assert refused.returncode == 1
    assert words in refused.stderr


def test_not_from_the_file_of_a_relay_that_runs(relay_server: Relay, simulator: Simulator) -> None:
    relay = outgrown(simulator)
    folder = relay_server.data_dir
    refused = command(relay, "copy_database", "--from", str(folder / "relay.db"))
    relay.remove()
    assert refused.returncode == 1
    assert f"already runs on the data folder {folder}" in refused.stderr


def test_not_from_the_file_of_a_relay_with_another_key(simulator: Simulator, tmp_path: Path) -> None:
    relay = outgrown(simulator)
    relay.prepare()
    other = tmp_path / "other.db"
    (relay.data_dir / "relay.db").rename(other)
    (relay.data_dir / "encryption_key").unlink()
    refused = command(relay, "copy_database", "--from", str(other))
    relay.remove()
    assert refused.returncode == 1
    assert "bring `encryption_key` along" in refused.stderr


def test_not_over_the_records_of_another_relay(simulator: Simulator, tmp_path: Path) -> None:
    """LOG_DATABASE_URL may name one that others use."""
    relay, origin = outgrown(simulator), tmp_path / "origin.db"
    templates.copy_sqlite(origin)
    assert command(relay, "seed_logs", "--count", "1").returncode == 0
    refused = command(relay, "copy_database", "--from", str(origin))
    with closing(sqlite3.connect(relay.data_dir / "relay.db")) as database:
        kept = database.execute("SELECT count(*) FROM logs_app_logrecord").fetchone()
    relay.remove()
    assert (refused.returncode, kept) == (1, (1,))
    assert "Give an empty one" in refused.stderr


def test_not_from_the_file_of_another_release(simulator: Simulator, tmp_path: Path) -> None:
    relay = outgrown(simulator)
    older = tmp_path / "older.db"
    (relay.data_dir / "relay.db").rename(older)
    with closing(sqlite3.connect(older)) as database, database:
        database.execute("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)")
    refused = command(relay, "copy_database", "--from", str(older))
    relay.remove()
    assert refused.returncode == 1
    assert "of another release" in refused.stderr
