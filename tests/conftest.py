"""Before settings load, a test process gets its own data folder, and no .env nor a developer's variables."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from proxy.simulator import Simulator
from relay.variables import TABLE
from tests.running import Relay

DATA_DIR = Path(tempfile.mkdtemp(prefix="relay-tests-"))

for _variable in TABLE.values():
    for _name in (_variable.name, *_variable.aliases):
        os.environ.pop(_name, None)
        os.environ.pop(f"{_name}_FILE", None)
os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = str(DATA_DIR)
os.environ["DJANGO_SETTINGS_MODULE"] = "relay.settings"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")


def pytest_configure() -> None:
    assert settings.DATA_DIR == DATA_DIR  # loads the settings; pytest-django sets Django up after this
    # A parallel test process that inherited the name would load the settings before its own conftest.
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA_DIR, ignore_errors=True)


def skip_without(name: str, what: str) -> str:
    """The value of a variable that says where something is; without it the test is skipped in words."""
    if not os.environ.get(name):
        pytest.skip(f"needs {what}: set {name}")
    return os.environ[name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With REQUIRE_SERVICES, as in CI, a test that a missing service skipped has failed."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_SERVICES") == "true":
        names_a_service = re.search(r"\bTEST_\w+_URL\b", str(report.longrepr))
        report.outcome = "failed" if names_a_service else "skipped"
    return report


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    return skip_without("TEST_DATABASE_URL", "PostgreSQL")


@pytest.fixture(scope="session")
def redis_url() -> str:
    return skip_without("TEST_REDIS_URL", "Redis")


@pytest.fixture(scope="session")
def recordings() -> Path:
    return Path(skip_without("RECORDED_EXCHANGES", "a folder of recorded exchanges"))


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """The provider of `relay_server`. It is shared: filter `requests` by something of your own."""
    with Simulator() as running:
        yield running


@pytest.fixture(scope="session")
def relay_server(simulator: Simulator) -> Iterator[Relay]:
    """One running relay for all tests that do not stop, kill or reconfigure it."""
    relay = Relay(TARGET_BASE_URL=simulator.base_url)
    try:
        yield relay.start()
    finally:
        relay.remove()


@pytest.fixture
def start_relay() -> Iterator[Callable[..., Relay]]:
    """Relays of the test's own: `start_relay(TARGET_BASE_URL=..., WORKERS="2")`; on failure with output."""
    relays: list[Relay] = []

    def start(*arguments: str, **environ: str | None) -> Relay:
        relays.append(Relay(*arguments, **environ))
        return relays[-1].start()

    yield start
    for relay in relays:
        print(f"--- output of the relay in {relay.data_dir}\n{relay.log()}")
        relay.remove()
