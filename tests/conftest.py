"""Before settings load, a test process gets its own data folder, and no .env nor a developer's variables."""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from django.conf import settings
from django.db import connection

from proxy.simulator import Simulator
from relay.environment.variables import TABLE
from tests import managing, services, templates
from tests.running import ROOT, Relay

OWNS_TEMPLATES = pytest.StashKey[bool]()
# Modules with a test that uses `relay_server`.
SHARERS = pytest.StashKey[set[Path]]()
DATA_DIR = Path(tempfile.mkdtemp(prefix="relay-tests-"))

for _variable in TABLE.values():
    for _name in (_variable.name, *_variable.aliases):
        os.environ.pop(_name, None)
        os.environ.pop(f"{_name}_FILE", None)
os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = str(DATA_DIR)
os.environ["DJANGO_SETTINGS_MODULE"] = "relay.settings"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
# Each new client reads the certificates that it would believe: 40 ms for all of them, and no test calls out.
_first, _end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
os.environ["SSL_CERT_FILE"] = str(DATA_DIR / "authority.pem")
(DATA_DIR / "authority.pem").write_text(_first + _end)

# Only for the tests' own process, not for the relays that they start. For each test client the one would look
# for all static files, which takes longer than most tests; the real hash takes half a second on purpose.
STATIC_FILES = "servestatic.middleware.ServeStaticMiddleware"
QUICK_HASH = "django.contrib.auth.hashers.MD5PasswordHasher"


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # while tests are collected, nothing becomes garbage
    assert settings.DATA_DIR == DATA_DIR  # loads the settings; pytest-django sets Django up after this
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != STATIC_FILES]
    settings.PASSWORD_HASHERS = [QUICK_HASH]
    # A parallel test process that inherited the name would load the settings before its own conftest.
    del os.environ["DJANGO_SETTINGS_MODULE"]
    config.stash[OWNS_TEMPLATES] = templates.begin(DATA_DIR / "templates")


def pytest_unconfigure(config: pytest.Config) -> None:
    managing.waiting.close()
    if config.stash.get(OWNS_TEMPLATES, False):
        templates.end()
    shutil.rmtree(DATA_DIR, ignore_errors=True)
    os.environ.pop("SSL_CERT_FILE", None)  # of what goes on in this process, as `make conformance` does


# They start many processes or a browser and take minutes: begun last, one alone would hold up the end.
LONG = (
    "tests/relay/test_serve.py",
    "tests/accounts/test_commandline.py",
    "tests/test_examples.py",
    "tests/console/test_recordpage.py",
    "tests/console/test_list.py",
    "tests/proxy/test_sync_config.py",
    "tests/proxy/test_limits.py",
    "tests/relay/test_worker.py",
    "tests/test_guarantees.py",
    "tests/test_nodes.py",
    "tests/relay/test_schemathesis.py",
    "tests/console/test_pages.py",
    "tests/relay/test_upgrading.py",
    "tests/test_deliveries.py",
    "tests/test_soak.py",
    "tests/test_canary.py",
    "tests/test_bench.py",
    "tests/test_faults.py",
    "tests/test_client_examples.py",
)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long files first; the order within a file stays."""
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    assert not twice, f"of tests of one name a parallel run runs one: {twice}"
    for item in items:
        services.mark(item)
    config.stash[SHARERS] = {
        item.path for item in items if "relay_server" in getattr(item, "fixturenames", ())
    }
    places = {str(ROOT / name): place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


def pytest_collection_finish() -> None:
    """Ten thousand tests stay until the end: not to be looked through for garbage, not even once."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


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
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> None:
    """A copy of what was migrated once, instead of a migration for each process."""
    with django_db_blocker.unblock():
        templates.become(connection)


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


@pytest.fixture(scope="module", autouse=True)
def leaves_the_shared_relay_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever changes what is asked must take it back: the next module would fail in its stead."""
    if request.path not in request.config.stash[SHARERS]:
        yield
        return
    relay = request.getfixturevalue("relay_server")
    found = relay.routing()
    yield
    assert relay.routing() == found, "this module left other providers or routes in relay_server"


@pytest.fixture
def start_relay() -> Iterator[Callable[..., Relay]]:
    """Relays of the test's own: `start_relay(TARGET_BASE_URL=..., WORKERS="2")`; on failure with output."""
    relays: list[Relay] = []

    def start(*arguments: str, **options: Any) -> Relay:
        relays.append(Relay(*arguments, **options))
        return relays[-1].start()

    yield start
    for relay in relays:
        print(f"--- output of the relay in {relay.data_dir}\n{relay.log()}")
        relay.remove()
