from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.models import Credential
from logs_app.models import LogRecord, LogSettings, RedactionRule
from relay.environment import databases
from relay.environment.databases import LogsRouter
from tests import managing

ROOT = Path(__file__).resolve().parent.parent.parent


def configure(url: str) -> dict[str, object]:
    return databases.configure("DATABASE_URL", url, ROOT, 60)


def refusal(url: str) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        configure(url)
    return str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_postgresql_in_every_spelling(scheme: str) -> None:
    found = configure(f"{scheme}://me:p%40ss@db.example:5433/relay?sslmode=require")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("me", "p@ss", "db.example")
    assert (found["PORT"], found["NAME"]) == (5433, "relay")
    assert found["OPTIONS"] == {"connect_timeout": 10, "sslmode": "require"}
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (60, True)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/my.db", ROOT / "data/my.db"),
        ("sqlite:////srv/my.db", Path("/srv/my.db")),
        ("sqlite+aiosqlite:///./my.db", ROOT / "my.db"),
    ],
)
def test_a_sqlite_file(url: str, path: Path) -> None:
    assert configure(url)["NAME"] == path


@pytest.mark.parametrize("url", ["mysql://root@host/db", "relay.db", "redis://host"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    assert refusal(url) == "DATABASE_URL must begin with sqlite:/// or postgres://."


@pytest.mark.parametrize("url", ["sqlite://", "sqlite://:memory:", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    assert "must name a file" in refusal(url)


@pytest.mark.parametrize("url", ["postgres://me:secret@host:port/db", "postgres://me:secret@host"])
def test_a_broken_address_is_refused_without_its_password(url: str) -> None:
    assert "secret" not in refusal(url)


@pytest.mark.django_db
@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="about SQLite")
def test_sqlite_is_set_up_for_several_processes() -> None:
    with connection.cursor() as cursor:
        pragmas = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "auto_vacuum")
        }
    assert pragmas == {"journal_mode": "wal", "auto_vacuum": 2}
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_router_sends_records_and_nothing_else_to_the_database_of_records() -> None:
    router = LogsRouter()
    assert (router.db_for_read(LogRecord), router.db_for_write(LogRecord)) == ("logs", "logs")
    assert (router.db_for_read(Credential), router.db_for_write(Credential)) == (None, None)
    assert router.allow_migrate("logs", "logs_app") and router.allow_migrate("default", "accounts")
    assert not router.allow_migrate("logs", "accounts") and not router.allow_migrate("default", "logs_app")


def test_what_people_set_about_records_stays_with_the_configuration() -> None:
    router = LogsRouter()
    assert (router.db_for_read(LogSettings), router.db_for_write(RedactionRule)) == (None, None)
    assert router.allow_migrate("default", "logs_app", "redactionrule")
    assert not router.allow_migrate("logs", "logs_app", "logsettings")


def test_records_in_a_database_of_their_own_get_their_tables_there(tmp_path: Path) -> None:
    environ = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/main.db",
        "LOG_DATABASE_URL": f"sqlite:///{tmp_path}/logs.db",
    }
    for alias in ("default", "logs"):
        done = managing.run(["migrate", "-v0", "--database", alias], {**os.environ, **environ})
        assert done.returncode == 0, done.stderr
    assert {"accounts_credential"} <= tables(tmp_path / "main.db")
    assert logs(tmp_path / "main.db") == {f"logs_app_{name}" for name in databases.SET_BY_PEOPLE}
    assert "logs_app_logrecord" in logs(tmp_path / "logs.db")
    assert logs(tmp_path / "main.db").isdisjoint(logs(tmp_path / "logs.db"))
    assert "accounts_credential" not in tables(tmp_path / "logs.db")


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as database:
        found = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.close()
    return found


def logs(path: Path) -> set[str]:
    return {name for name in tables(path) if name.startswith("logs_app_")}


def test_a_cache_in_redis_needs_one() -> None:
    with pytest.raises(ImproperlyConfigured, match="needs REDIS_CACHE_URL or REDIS_URL"):
        databases.refuse_cache_without_redis(True, "redis", "")
    databases.refuse_cache_without_redis(False, "redis", "")
    databases.refuse_cache_without_redis(True, "in-memory", "")
    databases.refuse_cache_without_redis(True, "redis", "redis://127.0.0.1")
