"""New code on the schema before it, old code on the schema after it, while calls go on."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from django.apps import apps
from django.core.management import call_command

from proxy.simulator import Simulator
from relay.environment import databases
from tests.load import Load, until_recorded
from tests.proxy import wires
from tests.running import MANAGEMENT_TOKEN, ROOT, Relay
from tests.scratch import connected

# Before the newest migration of each app that changes a table.
BEFORE = {"accounts": "0024", "logs_app": "0012", "proxy": "0005"}
PREPARING = r"Preparing the database 'default': \d+ migrations"


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    """Not started."""
    relay = Relay(cold=True, TARGET_BASE_URL=simulator.base_url, PORT="0")
    yield relay
    relay.remove()


@pytest.fixture
def migrate_back(relay: Relay, django_db_blocker: Any) -> Callable[[], None]:
    """As if the code that runs were one release newer than the database."""
    if url := relay.environ["DATABASE_URL"]:
        settings = databases.configure("DATABASE_URL", url, ROOT, 0)
    else:
        settings = databases.sqlite(relay.data_dir / "relay.db")

    def migrate_back() -> None:
        with django_db_blocker.unblock(), connected(settings) as alias:
            for app, target in BEFORE.items():
                call_command("migrate", app, target, database=alias, verbosity=0)

    return migrate_back


def execute(relay: Relay, *statements: str) -> None:
    """One by one: who locked all tables at once would be in the way of whoever writes to two."""
    with closing(wires.open_database(relay)) as database:
        for statement in statements:
            database.execute(statement)
            database.commit()


async def is_running(relay: Relay) -> None:
    """Also when a test before, which has started it, was left out."""
    if not relay.port:
        await asyncio.to_thread(relay.start)


async def more(load: Load, calls: int = 30) -> None:
    enough = len(load.whole) + calls
    while len(load.whole) < enough:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def is_recorded(relay: Relay, load: Load) -> None:
    """All that was asked was answered, and stands in the records once."""
    outcomes = await until_recorded(relay, load.whole)
    assert {outcomes[each.replace("-", "")] for each in load.whole} == {"completed"}
    assert (load.broken, load.refused) == (set(), 0)


def test_a_start_brings_a_database_of_the_release_before_up_to_date(
    relay: Relay, migrate_back: Callable[[], None]
) -> None:
    migrate_back()
    relay.start()
    assert re.search(PREPARING, relay.log())


@pytest.mark.timeout(300)
async def test_new_code_serves_on_the_old_schema_until_sighup_migrates_it(
    relay: Relay, migrate_back: Callable[[], None]
) -> None:
    await is_running(relay)
    load = Load(relay.base_url, relay.key, clients=4, keeps_connections=False)
    seen = len(relay.log())
    async with load.running():
        await more(load)
        await asyncio.to_thread(migrate_back)
        await more(load)
        await asyncio.to_thread(relay.wait_for, "the journal keeps them until it does")
        relay.signal(signal.SIGHUP)
        await asyncio.to_thread(relay.wait_for, "all processes are replaced", 200, after=seen)
        await more(load)
    assert re.search(PREPARING, relay.log()[seen:])
    await is_recorded(relay, load)


def step_ahead(relay: Relay) -> None:
    """What the next release may do to the schema, to every table that there is."""
    statements = ["CREATE TABLE logs_app_unheardof (id bigint PRIMARY KEY, name varchar(10) NOT NULL)"]
    for app in BEFORE:
        statements.append(
            "INSERT INTO django_migrations (app, name, applied)"
            f" VALUES ('{app}', '9999_unheard_of', CURRENT_TIMESTAMP)"
        )
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            table = model._meta.db_table
            statements.append(f"ALTER TABLE {table} ADD COLUMN unheard_of varchar(10) NULL")
            statements.append(f"ALTER TABLE {table} ADD COLUMN unheard_of_too integer NOT NULL DEFAULT 7")
    execute(relay, *statements)


def manage(relay: Relay, method: str, path: str, **body: Any) -> Any:
    headers = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
    answer = httpx.request(
        method, f"{relay.url}/manage/{path}", headers=headers, json=body or None, timeout=30
    )
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def administer(relay: Relay, name: str) -> None:
    """Makes, changes and reads what the old code knows."""
    project = manage(relay, "POST", "projects", name=name)
    token = manage(relay, "POST", "tokens", project_id=project["id"], max_requests=3)
    provider = {"provider_key": name, "api_base": "https://api.example.com", "api_key": "sk-1", "priority": 9}
    manage(relay, "POST", "providers", **provider)
    manage(relay, "POST", "routes", name=name, path_prefix=f"/{name}", providers=[name])
    manage(relay, "POST", "prices", model=name, valid_from="2026-01-01T00:00:00Z", input="1", output="2")
    manage(relay, "PATCH", "settings", max_failovers=3)
    manage(relay, "PATCH", "settings/records", payload_days=3)
    manage(relay, "DELETE", f"routes/{name}")
    manage(relay, "DELETE", f"providers/{name}")
    manage(relay, "DELETE", f"tokens/{token['id']}")
    for path in ("logs", "stats", "audit", "config/version"):
        manage(relay, "GET", path)


@pytest.mark.timeout(300)
async def test_old_code_serves_and_starts_on_the_new_schema(relay: Relay) -> None:
    """An upgrade of another node, and a rollback: the code of before, and no migration back."""
    await is_running(relay)
    load = Load(relay.base_url, relay.key, clients=4, keeps_connections=False)
    async with load.running():
        await more(load)
        await asyncio.to_thread(step_ahead, relay)
        await more(load)
        await asyncio.to_thread(administer, relay, "running")
    await is_recorded(relay, load)
    relay.kill()
    await asyncio.to_thread(relay.start)
    load = Load(relay.base_url, relay.key, clients=4)
    async with load.running():
        await more(load)
    await asyncio.to_thread(administer, relay, "started")
    await is_recorded(relay, load)
