from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection

from relay.start import schema
from tests.running import Relay


@pytest.mark.django_db
def test_a_database_that_is_up_to_date_is_left_alone() -> None:
    said: list[str] = []
    schema.migrate(said.append)
    assert said == []


@pytest.mark.django_db(transaction=True)
def test_only_one_node_at_a_time_prepares_a_postgresql_database(postgresql_url: str) -> None:
    entered = threading.Event()
    with psycopg.connect(**other_session()) as rival:
        rival.execute("SELECT pg_advisory_lock(%s)", [schema.LOCK_NUMBER])

        def enter() -> None:
            try:
                with schema.exclusive():
                    entered.set()
            finally:
                connection.close()

        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.3)
        rival.execute("SELECT pg_advisory_unlock(%s)", [schema.LOCK_NUMBER])
        assert entered.wait(10)
        waiting.join()


def other_session() -> dict[str, object]:
    parameters = connection.get_connection_params()
    return {
        name: parameters[name]
        for name in ("dbname", "user", "password", "host", "port")
        if name in parameters
    }


def test_two_nodes_that_start_together_on_postgresql_make_one_first_key(postgresql_url: str) -> None:
    first = Relay(migrated=False, cold=True, PROXY_KEY=None, ADMIN_PASSWORD=None)
    second = Relay(cold=True, PROXY_KEY=None, ADMIN_PASSWORD=None, DATABASE_URL=first.environ["DATABASE_URL"])
    try:
        first.spawn()
        second.spawn()
        for relay in (first, second):
            relay.wait_for(r"answers on http://", 90)
        shown = [relay.log().count("What stands here is shown only once") for relay in (first, second)]
        assert sorted(shown) == [0, 1]
    finally:
        first.remove()
        second.remove()
