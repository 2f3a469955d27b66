from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from accounts.models import TokenQuota
from logs_app.journal.journal import Journal
from proxy.access.quota import Quotas
from proxy.configuration.configuration import Key
from proxy.errors import RelayError
from proxy.exchange import Exchange
from proxy.request import parsing

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = uuid.uuid4()
HEAD: dict[str, Any] = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/v1/chat/completions",
    "raw_path": b"/v1/chat/completions",
    "query_string": b"",
    "headers": [],
    "client": ["192.0.2.1", 5000],
}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path, "node", ["master"], fsync_ms=0)
    yield opened
    opened.close()


@pytest.fixture
def quotas() -> Iterator[Quotas]:
    opened = Quotas()
    yield opened
    opened.close()


def exchange(journal: Journal, max_requests: int | None = 2) -> Exchange:
    made = Exchange(journal, parsing.read_head(HEAD))
    made.key = Key(str(TOKEN), "token", "", "sk-…", max_requests=max_requests)
    return made


@sync_to_async
def used() -> int:
    try:
        return sum(TokenQuota.objects.values_list("used", flat=True))
    finally:
        connection.close()  # of asgiref's thread


async def test_a_call_takes_one_use(journal: Journal, quotas: Quotas) -> None:
    await quotas.take(exchange(journal))
    assert await used() == 1


async def test_what_is_used_up_is_refused_for_good(journal: Journal, quotas: Quotas) -> None:
    await quotas.take(exchange(journal, 1))
    with pytest.raises(RelayError) as refused:
        await quotas.take(exchange(journal, 1))
    assert (refused.value.status, refused.value.code) == (429, "quota_exhausted")
    assert (b"x-should-retry", b"false") in refused.value.headers


async def test_a_key_without_a_quota_asks_no_database(journal: Journal, quotas: Quotas) -> None:
    call = exchange(journal, None)
    await quotas.take(call)
    await quotas.settle(call)
    assert call.quota_use is None


async def test_a_use_stays_taken_once_a_provider_was_reached(journal: Journal, quotas: Quotas) -> None:
    call = exchange(journal)
    await quotas.take(call)
    call.has_reached_provider = True
    await quotas.settle(call)
    assert await used() == 1


async def test_a_use_is_given_back_when_no_provider_was_reached(journal: Journal, quotas: Quotas) -> None:
    call = exchange(journal)
    await quotas.take(call)
    await quotas.settle(call)
    assert await used() == 0


async def test_a_refused_call_gives_nothing_back(journal: Journal, quotas: Quotas) -> None:
    await quotas.take(exchange(journal, 1))
    refused = exchange(journal, 1)
    with pytest.raises(RelayError):
        await quotas.take(refused)
    await quotas.settle(refused)
    assert await used() == 1


async def test_a_client_that_leaves_while_its_use_is_taken_gives_it_back(
    journal: Journal, quotas: Quotas
) -> None:
    call = exchange(journal)
    task = asyncio.ensure_future(quotas.take(call))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await quotas.settle(call)
    assert call.quota_use is not None and call.quota_use.result() is True
    assert await used() == 0


async def test_without_the_database_the_call_is_answered_503(journal: Journal, quotas: Quotas) -> None:
    table = TokenQuota._meta.db_table
    await rename(table, "away")
    try:
        with pytest.raises(RelayError) as refused:
            await quotas.take(exchange(journal))
    finally:
        await rename("away", table)
    assert (refused.value.status, refused.value.code) == (503, "keys_unavailable")
    assert (b"retry-after", b"1") in refused.value.headers


@sync_to_async
def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")
    connection.close()


async def test_a_process_that_ends_leaves_no_connection(journal: Journal) -> None:
    quotas = Quotas()
    await quotas.take(exchange(journal))
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("quota")]
    quotas.close()
    assert threads and not any(thread.is_alive() for thread in threads)


def test_closing_again_changes_nothing(quotas: Quotas) -> None:
    quotas.close()
    quotas.close()


async def test_a_database_file_that_was_taken_away_is_not_counted_on(
    journal: Journal, quotas: Quotas
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has a file")
    await quotas.take(exchange(journal))
    path = str(connection.settings_dict["NAME"])
    os.rename(path, f"{path}.aside")
    try:
        with pytest.raises(RelayError) as refused:
            await quotas.take(exchange(journal))
    finally:
        os.rename(f"{path}.aside", path)
    assert refused.value.status == 503
    await quotas.take(exchange(journal))
