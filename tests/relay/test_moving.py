"""docs/operations.md, "From SQLite to PostgreSQL", done to a relay that was killed at work."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import psycopg
import pytest

from proxy.simulator import Simulator
from tests import templates
from tests.relay.outgrown import command, outgrown
from tests.running import Relay
from tests.waiting import until

QUESTION = "Where do the seventeen grey herons sleep?"
# No provider has it: it must come out of the one database as it went into the other.
UNREADABLE = "gAAAAAB-of-another-key"


def ask(relay: Relay, key: str = "", text: str = QUESTION, **more: Any) -> httpx.Response:
    body = {"model": "gpt-4o-herons", "messages": [{"role": "user", "content": text}]} | more
    headers = {"authorization": f"Bearer {key or relay.key}"}
    return httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers, timeout=60)


def manage(relay: Relay, path: str, method: str = "GET", **more: Any) -> Any:
    headers = {"authorization": f"Bearer {relay.management_token}"}
    return httpx.request(method, f"{relay.url}/manage/{path}", headers=headers, timeout=60, **more)


def ids(relay: Relay) -> list[str]:
    found = manage(relay, "logs", params={"model": "gpt-4o-herons", "page_size": "200"}).json()
    return sorted(record["id"] for record in found["results"])


class Story:
    """A day on SQLite, the power going in the middle of it, and the evening on PostgreSQL."""

    def __init__(self, simulator: Simulator, server_url: str) -> None:
        self.old = outgrown(simulator)
        name = f"relay_moved_{self.old.data_dir.name}".replace("-", "_").lower()
        self.url = templates.at(server_url, name)
        self.new = Relay(
            TARGET_BASE_URL=simulator.base_url, DATA_DIR=str(self.old.data_dir), DATABASE_URL=self.url
        )
        templates.execute(server_url, f"CREATE DATABASE {name}")

    def tell(self) -> None:
        self._live()
        self.while_running = self.copy()
        os.kill(self.old.pids("recorder")[0], signal.SIGSTOP)  # the last call is in the journal only
        self.asked = sorted([*self.recorded, ask(self.old).headers["x-relay-request-id"]])
        self.old.kill()
        self.old.wait()
        with closing(sqlite3.connect(self.old.data_dir / "relay.db")) as database, database:
            database.execute("UPDATE proxy_provider SET api_key = ? WHERE NOT is_enabled", [UNREADABLE])
        self.done = self.copy()
        self.new.start()

    def copy(self) -> subprocess.CompletedProcess[str]:
        return command(self.old, "copy_database", DATABASE_URL=self.url)

    def end(self, server_url: str) -> None:
        self.new.remove()
        self.old.remove()
        name = self.url.rpartition("/")[2]
        templates.execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _live(self) -> None:
        self.old.start()
        project = manage(self.old, "projects", "POST", json={"name": "herons"}).json()["id"]
        wanted = {"project_id": project, "max_requests": 2}
        keys = [manage(self.old, "tokens", "POST", json=wanted).json() for _ in range(2)]
        self.key, self.revoked = (key["token"] for key in keys)
        manage(self.old, f"tokens/{keys[1]['id']}", "DELETE")
        second = {"provider_key": "second", "api_base": "http://127.0.0.1:9/v1", "is_enabled": False}
        assert manage(self.old, "providers", "POST", json=second).status_code == 201
        calls = [ask(self.old, self.key), ask(self.old), ask(self.old, stream=True), ask(self.old, n=2)]
        assert [call.status_code for call in calls] == [200, 200, 200, 200]
        until(lambda: len(ids(self.old)) == 4)
        self.recorded, self.totals = ids(self.old), totals(self.old)


def totals(relay: Relay) -> Any:
    return manage(relay, "stats", params={"since": "24h"}).json()["totals"]


@pytest.fixture(scope="module")
def story(simulator: Simulator, postgresql_url: str) -> Iterator[Story]:
    told = Story(simulator, postgresql_url)
    try:
        told.tell()
        yield told
    finally:
        told.end(postgresql_url)


def test_it_says_how_much_it_copied(story: Story) -> None:
    assert story.done.returncode == 0, story.done.stderr
    assert "logs_app.LogRecord: 4\n" in story.done.stdout
    assert "rows copied in" in story.done.stdout
    assert (story.old.data_dir / "relay.db.moved").exists()


def test_every_exchange_is_there_once_also_that_of_the_journal(story: Story) -> None:
    until(lambda: len(ids(story.new)) == 5)
    assert ids(story.new) == story.asked


def test_what_was_said_is_found_and_summed_up(story: Story) -> None:
    until(lambda: len(ids(story.new)) == 5)
    found = manage(story.new, "logs", params={"search": "seventeen grey herons"}).json()["results"]
    assert len(found) == 5
    assert QUESTION in manage(story.new, f"logs/{found[-1]['id']}").text
    assert totals(story.new)["requests"] == story.totals["requests"] + 1


def test_keys_have_what_was_left_of_them(story: Story) -> None:
    assert ask(story.new, story.revoked).status_code == 401
    assert [ask(story.new, story.key).status_code for _ in range(2)] == [200, 429]


def test_new_rows_do_not_take_the_numbers_of_old_ones(story: Story) -> None:
    third = {"provider_key": "third", "api_base": "http://127.0.0.1:9/v1", "is_enabled": False}
    assert manage(story.new, "providers", "POST", json=third).status_code == 201
    names = [row["provider_key"] for row in manage(story.new, "providers").json()["results"]]
    assert {"second", "third"} < set(names)


def test_the_audit_trail_goes_on(story: Story) -> None:
    checked = command(story.new, "verify_audit")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    events = manage(story.new, "audit").json()["results"]
    assert "database.copy" in {event["action"] for event in events}


def test_what_no_key_opens_is_copied_closed(story: Story, postgresql_url: str) -> None:
    with psycopg.connect(story.url) as database:
        found = database.execute("SELECT api_key FROM proxy_provider WHERE NOT is_enabled").fetchall()
    assert (UNREADABLE,) in found


# What is refused


def test_not_while_the_relay_runs(story: Story) -> None:
    assert story.while_running.returncode == 1
    assert "already runs on the data folder" in story.while_running.stderr


def test_not_into_what_a_relay_uses_already(story: Story) -> None:
    story.new.stop()
    again = story.copy()
    story.new.start()
    assert again.returncode == 1
    assert "Give an empty one" in again.stderr
    assert ids(story.new)


def test_what_the_new_database_does_not_take_is_named_and_nothing_is_copied(
    simulator: Simulator, postgresql_url: str
) -> None:
    relay = outgrown(simulator)
    name = f"relay_moved_not_{relay.data_dir.name}".replace("-", "_").lower()
    templates.execute(postgresql_url, f"CREATE DATABASE {name}")
    try:
        relay.prepare()
        with closing(sqlite3.connect(relay.data_dir / "relay.db")) as database, database:
            database.execute("UPDATE auth_user SET first_name = 'a' || char(0) || 'b'")
        refused = command(relay, "copy_database", DATABASE_URL=templates.at(postgresql_url, name))
        assert (refused.returncode, "auth.User" in refused.stderr) == (1, True), refused.stderr
        with psycopg.connect(templates.at(postgresql_url, name)) as database:
            assert database.execute("SELECT count(*) FROM auth_user").fetchone() == (0,)
    finally:
        relay.remove()
        templates.execute(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")
