"""Which tests run a second time, on PostgreSQL and Redis: `-m services`, as `.ci/run` does.

Every test that has a database, a service or a relay: what it asks may be answered differently there. Pure
functions are not asked twice, nor what is named here: it has a relay, and another subject.
"""

from __future__ import annotations

from typing import Any

import pytest

FIXTURES = frozenset(("db", "transactional_db", "scratch", "postgresql_url", "redis_url"))
RELAYS = frozenset(("relay_server", "start_relay"))
OTHER_SUBJECTS = (
    # Browsers, shells and SDKs: what they send and show.
    "tests/console/",
    "tests/sdk/",
    "tests/accounts/test_commandline_calling.py",
    "tests/accounts/test_commandline.py",
    "tests/relay/test_browserpolicy.py",
    "tests/relay/test_readmes.py",
    "tests/test_client_examples.py",
    "tests/test_examples.py",
    "tests/test_own_classes.py",
    "tests/conformance/",
    "tests/relay/test_llm_proxy.py",
    # What others are told: metrics and dashboards, sinks, the description of the API.
    "tests/logs_app/test_sinks_recordings.py",
    "tests/monitoring/",
    "tests/relay/test_openapi.py",
    # On SQLite on purpose.
    "tests/test_canary.py",
    # The lane passes bytes and asks no database; keys are the exception (test_lane_keys.py).
    "tests/proxy/test_lane_faults.py",
    "tests/proxy/test_lane_health.py",
    "tests/proxy/test_lane_input.py",
    "tests/proxy/test_lane_memory.py",
    "tests/proxy/test_lane_transparency.py",
    "tests/test_faults.py::test_a_fault_ends_as_the_table_promises",
    # Processes, signals, ports (two that start together on PostgreSQL: test_schema.py).
    "tests/relay/test_asgi.py",
    "tests/relay/test_serve.py",
)


def mark(item: pytest.Item) -> None:
    if _has_services(item) and not item.nodeid.startswith(OTHER_SUBJECTS):
        item.add_marker(pytest.mark.services)


def _has_services(item: Any) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if "scratch" in parameters:
        return bool(parameters["scratch"] == "postgresql")
    names = set(item.fixturenames)
    has_database = item.get_closest_marker("django_db") is not None or not names.isdisjoint(FIXTURES)
    # A module with a relay of its own names it as it likes.
    return has_database or not names.isdisjoint(RELAYS) or hasattr(item.module, "Relay")
