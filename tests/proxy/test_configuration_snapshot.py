from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import psycopg
import pytest
from django.db import connections

from accounts.models import Credential
from accounts.secrets import keys
from proxy.configuration import snapshot
from proxy.configuration.snapshot import SnapshotStore, SnapshotUnavailable
from tests.scratch import Scratch, connected, only_postgresql, only_sqlite

DIGEST = keys.digest("secret of a")


@pytest.fixture
def store(scratch: Scratch) -> SnapshotStore:
    add_key(scratch, "a")
    found = SnapshotStore(scratch.alias)
    found.load()
    return found


@pytest.fixture
def hanging(scratch: Scratch) -> Iterator[Hanging]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        with connected(scratch.settings | {"HOST": "127.0.0.1", "PORT": port}) as alias:
            yield Hanging(scratch, alias, listening)


def add_key(scratch: Scratch, name: str) -> None:
    credential = Credential(name=name)
    credential.set_secret(f"secret of {name}")
    credential.save(using=scratch.alias)


@asynccontextmanager
async def running(store: SnapshotStore) -> AsyncIterator[None]:
    task = asyncio.create_task(store.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        close(store)


def close(store: SnapshotStore) -> None:
    store._pool.submit(store._connection.close)
    store._pool.shutdown()


async def until(condition: Callable[[], object], within_seconds: float = 5.0) -> float:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < within_seconds, "it did not come true in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - start


def test_before_the_first_load_nobody_is_known(scratch: Scratch) -> None:
    add_key(scratch, "a")
    store = SnapshotStore(scratch.alias)
    assert store.current.find_key(DIGEST) is None
    assert store.last_success is None


def test_loading_brings_the_keys(store: SnapshotStore) -> None:
    assert store.current.find_key(DIGEST).name == "a"
    assert store.last_success == pytest.approx(time.time(), abs=5)


async def test_a_key_disabled_by_another_process_is_refused_within_a_second(
    scratch: Scratch, store: SnapshotStore
) -> None:
    async with running(store):
        sql = "UPDATE accounts_credential SET is_enabled = " + (
            "0" if scratch.vendor == "sqlite" else "false"
        )
        await asyncio.to_thread(scratch.execute_elsewhere, sql)
        assert await until(lambda: not store.current.find_key(DIGEST).is_active) < 1


async def test_a_refresh_sees_what_was_committed_before_it(scratch: Scratch, store: SnapshotStore) -> None:
    for n in range(3):
        scratch.execute(f"UPDATE accounts_credential SET name = 'name {n}'")
        assert (await store.refresh()).find_key(DIGEST).name == f"name {n}"
    close(store)


async def test_a_refresh_during_a_read_waits_for_a_later_one(scratch: Scratch, store: SnapshotStore) -> None:
    """The read that is under way may have begun before the key was committed."""
    async with running(store):
        for n in range(8):
            early = asyncio.create_task(store.refresh())
            await asyncio.sleep(0.02 * n)
            scratch.execute(f"UPDATE accounts_credential SET name = 'name {n}'")
            assert (await store.refresh()).find_key(DIGEST).name == f"name {n}"
            await early


async def test_a_flood_of_refreshes_shares_a_few_reads(scratch: Scratch, store: SnapshotStore) -> None:
    queries: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    store._pool.submit(lambda: connections[scratch.alias].execute_wrappers.append(count)).result()
    start = time.monotonic()
    while time.monotonic() - start < 1:
        await asyncio.gather(*(store.refresh() for _ in range(200)))
    close(store)
    assert 1 < len(queries) <= 6


@only_sqlite
async def test_while_the_sqlite_file_is_away_the_last_snapshot_serves(
    scratch: Scratch, store: SnapshotStore
) -> None:
    away = scratch.path.with_name("away.db")
    async with running(store):
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                shutil.move(f"{scratch.path}{suffix}", f"{away}{suffix}")
        with pytest.raises(SnapshotUnavailable, match="No such file"):
            await store.refresh()
        assert store.current.find_key(DIGEST).name == "a"
        assert not scratch.path.exists()
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                shutil.move(f"{away}{suffix}", f"{scratch.path}{suffix}")
        scratch.execute("UPDATE accounts_credential SET name = 'back'")
        assert await until(lambda: store.current.find_key(DIGEST).name == "back") < 1


@only_sqlite
async def test_a_restored_file_of_the_same_version_is_read(scratch: Scratch, store: SnapshotStore) -> None:
    backup = scratch.path.with_name("backup.db")
    with closing(scratch.open()) as connection:
        connection.execute(f"VACUUM INTO '{backup}'")
    with closing(scratch.open()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    async with running(store):
        scratch.execute("UPDATE accounts_credential SET name = 'lost'")
        await until(lambda: store.current.find_key(DIGEST).name == "lost")
        with closing(sqlite3.connect(backup)) as connection, connection:
            connection.execute("UPDATE accounts_credential SET name = 'restored'")
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                (scratch.path.parent / f"{scratch.path.name}{suffix}").unlink()
        backup.replace(scratch.path)
        assert await until(lambda: store.current.find_key(DIGEST).name == "restored") < 1


@only_sqlite
async def test_a_writer_that_holds_the_sqlite_lock_delays_nobody(
    scratch: Scratch, store: SnapshotStore
) -> None:
    async with running(store):
        with closing(scratch.open()) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("UPDATE accounts_credential SET name = 'not yet'")
            start = time.monotonic()
            assert (await store.refresh()).find_key(DIGEST).name == "a"
            assert time.monotonic() - start < 1
            writer.commit()
        assert (await store.refresh()).find_key(DIGEST).name == "not yet"


@only_sqlite
async def test_a_database_that_does_not_answer_is_unavailable_in_time(
    scratch: Scratch, store: SnapshotStore
) -> None:
    scratch.execute("PRAGMA journal_mode = DELETE")  # without WAL a writer shuts readers out
    with closing(scratch.open()) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        with pytest.raises(SnapshotUnavailable, match="in time"):
            await store.refresh()
        assert time.monotonic() - start < snapshot.REFRESH_TIMEOUT_SECONDS + 0.5
        writer.rollback()
    assert (await store.refresh()).find_key(DIGEST).name == "a"
    close(store)


@only_postgresql
async def test_a_killed_connection_is_replaced(scratch: Scratch, store: SnapshotStore) -> None:
    async with running(store):
        await asyncio.sleep(0.5)
        kill(scratch)
        scratch.execute("UPDATE accounts_credential SET name = 'after'")
        assert await until(lambda: store.current.find_key(DIGEST).name == "after") < 1


@only_postgresql
async def test_while_postgresql_is_away_the_last_snapshot_serves(
    scratch: Scratch, store: SnapshotStore
) -> None:
    async with running(store):
        administer(scratch, "ALTER DATABASE {} ALLOW_CONNECTIONS false")
        kill(scratch)
        with pytest.raises(SnapshotUnavailable):
            await store.refresh()
        assert store.current.find_key(DIGEST).name == "a"
        administer(scratch, "ALTER DATABASE {} ALLOW_CONNECTIONS true")
        scratch.execute("UPDATE accounts_credential SET name = 'back'")
        assert await until(lambda: store.current.find_key(DIGEST).name == "back") < 1


@only_postgresql
@pytest.mark.usefixtures("store")
async def test_a_connection_that_hangs_is_left_behind(scratch: Scratch, hanging: Hanging) -> None:
    async with hanging, running(store := SnapshotStore(hanging.alias, 1.0)):
        await until(lambda: store.current.find_key(DIGEST))
        hanging.hang()
        scratch.execute("UPDATE accounts_credential SET name = 'after'")
        with pytest.raises(SnapshotUnavailable):
            await store.refresh()
        assert await until(lambda: store.current.find_key(DIGEST).name == "after") < 3


async def test_an_outage_is_logged_once_and_so_is_its_end(
    scratch: Scratch, store: SnapshotStore, caplog: pytest.LogCaptureFixture
) -> None:
    scratch.execute("ALTER TABLE accounts_configversion RENAME TO elsewhere")
    for _ in range(3):
        with pytest.raises(SnapshotUnavailable):
            await store.refresh()
    scratch.execute("ALTER TABLE elsewhere RENAME TO accounts_configversion")
    await store.refresh()
    close(store)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_a_broken_row_is_an_outage_and_not_the_end(scratch: Scratch, store: SnapshotStore) -> None:
    async with running(store):
        scratch.execute("ALTER TABLE proxy_provider RENAME TO elsewhere")
        scratch.execute("UPDATE accounts_configversion SET version = version - 1")
        with pytest.raises(SnapshotUnavailable):
            await store.refresh()
        scratch.execute("ALTER TABLE elsewhere RENAME TO proxy_provider")
        assert (await store.refresh()).find_key(DIGEST).name == "a"


class Hanging:
    """A way to the server on which everything sent and received so far can get stuck, unclosed."""

    def __init__(self, scratch: Scratch, alias: str, listening: socket.socket) -> None:
        self.alias = alias
        self._settings = scratch.settings
        self._listening = listening
        self._flows: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> None:
        self._server = await asyncio.start_server(self._connect, sock=self._listening)

    async def __aexit__(self, *error: object) -> None:
        self.hang()
        for writer in self._writers:
            writer.close()
        self._server.close()

    def hang(self) -> None:
        for flow in self._flows:
            flow.cancel()
        self._flows.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._settings["HOST"] or "127.0.0.1", int(self._settings["PORT"] or 5432)
        far_reader, far_writer = await asyncio.open_connection(host, port)
        self._writers += [writer, far_writer]
        for source, target in ((reader, far_writer), (far_reader, writer)):
            self._flows.append(asyncio.create_task(flow(source, target)))


async def flow(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
    target.close()


def kill(scratch: Scratch) -> None:
    administer(scratch, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'")


def administer(scratch: Scratch, sql: str) -> None:
    server = Scratch("", scratch.settings | {"NAME": "postgres"})
    with closing(psycopg.connect(server.dsn, autocommit=True)) as connection:
        connection.execute(sql.format(scratch.settings["NAME"]))
