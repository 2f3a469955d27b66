"""docs/operations.md, "Backup and restore", done to a relay that serves."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from pytest_django import Settings

from logs_app.journal.segments import carry_name, new_life, segment_name
from proxy.simulator import Simulator
from relay import backup
from tests import managing
from tests.running import Relay

MODEL = "gpt-4o-backup"


def ask(relay: Relay) -> str:
    """The id of the record that it makes."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"authorization": f"Bearer {relay.key}"}
    answer = httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-relay-request-id"]


def recorded(relay: Relay) -> list[str]:
    headers = {"authorization": f"Bearer {relay.management_token}"}
    params = {"model": MODEL, "page_size": "200"}
    found = httpx.get(f"{relay.url}/manage/logs", params=params, headers=headers, timeout=60).json()
    return [record["id"] for record in found["results"]]


def manage(relay: Relay, *arguments: str, **environ: str) -> managing.Done:
    return managing.run(arguments, relay.environ | environ)


def shell(command: str, url: str) -> None:
    subprocess.run(command, shell=True, check=True, env=os.environ | {"DATABASE_URL": url})


@pytest.fixture(scope="module")
def backed_up(relay_server: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Made while clients call. `before` had their answers when it began."""
    folder = tmp_path_factory.mktemp("backups") / "monday"
    before, stop = [ask(relay_server) for _ in range(3)], threading.Event()

    def call_on() -> None:
        while not stop.is_set():
            ask(relay_server)

    caller = threading.Thread(target=call_on)
    caller.start()
    try:
        done = manage(relay_server, "backup", "--output", str(folder))
        for line in done.stdout.splitlines():
            if line.startswith("  pg_dump"):
                shell(line, relay_server.environ["DATABASE_URL"])
    finally:
        stop.set()
        caller.join()
    yield SimpleNamespace(folder=folder, before=before, done=done)


def test_it_says_what_is_in_it_and_what_is_not(backed_up: SimpleNamespace, relay_server: Relay) -> None:
    assert backed_up.done.returncode == 0, backed_up.done.stderr
    said = backed_up.done.stdout
    assert "  encryption_key\n" in said and "  journal: " in said
    assert "MANAGEMENT_TOKEN is not in it" in said
    is_sqlite = not relay_server.environ["DATABASE_URL"]
    assert ("  relay.db: " in said) == is_sqlite
    assert ("The database of DATABASE_URL is not in it" in said) == (not is_sqlite)


def test_it_is_for_its_owner_only(backed_up: SimpleNamespace) -> None:
    made = [backed_up.folder, *backed_up.folder.rglob("*")]
    made = [path for path in made if path.suffix != ".dump"]
    assert {path.stat().st_mode & 0o077 for path in made} == {0}
    assert not list(backed_up.folder.parent.glob(".*.part"))


def test_it_overwrites_nothing(backed_up: SimpleNamespace, relay_server: Relay) -> None:
    done = manage(relay_server, "backup", "--output", str(backed_up.folder))
    assert done.returncode == 1
    assert f"{backed_up.folder} exists already" in done.stderr


def test_a_relay_starts_from_it_with_records_keys_and_secrets(
    backed_up: SimpleNamespace, relay_server: Relay, simulator: Simulator
) -> None:
    restored = Relay(DATA_DIR=str(backed_up.folder), TARGET_API_KEY=None, PROXY_KEY=None)
    try:
        if url := restored.environ["DATABASE_URL"]:
            dump = backed_up.folder / "default.dump"
            shell(f'pg_restore --no-owner --dbname="$DATABASE_URL" {dump}', url)
        restored.start()
        ends_at = time.monotonic() + 30
        while not set(backed_up.before) <= set(recorded(restored)) and time.monotonic() < ends_at:
            time.sleep(0.1)
        found = recorded(restored)
        assert set(backed_up.before) <= set(found) and len(found) == len(set(found))
        assert not list((backed_up.folder / "journal").glob("unreadable/*"))
        after = ask(restored)
        assert after not in found
        sent = [request for request in simulator.requests if MODEL.encode() in request.body][-1]
        assert dict(sent.headers)["authorization"] == "Bearer sk-upstream"
        assert restored.stop() == 0
        _without_its_key(restored, backed_up.folder)
    finally:
        restored.remove()


def _without_its_key(relay: Relay, folder: Path) -> None:
    (folder / "encryption_key").unlink()
    done = manage(relay, "check")
    assert done.returncode == 1
    assert "The API key of provider default is unreadable." in done.stderr
    assert "the key it was encrypted with is not among FIELD_ENCRYPTION_KEYS" in done.stderr


def test_a_folder_that_is_not_there_is_said(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with pytest.raises(backup.BackupFailed, match="There is no folder"):
        backup.make(tmp_path / "none" / "monday")


def test_where_no_relay_is_nothing_is_kept_and_nothing_made(relay_server: Relay, tmp_path: Path) -> None:
    there = {"DATA_DIR": str(tmp_path / "wrong"), "DATABASE_URL": ""}
    done = manage(relay_server, "backup", "--output", str(tmp_path / "monday"), **there)
    assert done.returncode == 1
    assert f"No relay was ever started with DATA_DIR={there['DATA_DIR']}" in done.stderr
    assert not (tmp_path / "monday").exists()
    assert not (tmp_path / "wrong" / "relay.db").exists()


def test_a_database_that_is_away_is_said(relay_server: Relay, tmp_path: Path) -> None:
    away = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"}
    done = manage(relay_server, "backup", "--output", str(tmp_path / "monday"), **away)
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_segments_are_copied_and_nothing_else_of_a_journal(tmp_path: Path) -> None:
    source, target = tmp_path / "journal", tmp_path / "copy"
    source.mkdir()
    target.mkdir()
    names = {segment_name(new_life(), 1), carry_name(new_life(), 2)}
    for name in (*names, "recorder.lock", ".0123456789abcdef.reserve"):
        (source / name).write_bytes(b"x")
    assert backup.copy_segments(source, target) == names
    assert {path.name for path in target.iterdir()} == names
