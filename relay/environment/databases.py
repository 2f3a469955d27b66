"""Django's database settings from an address, and the router for records in a database of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# With WAL, NORMAL survives a killed process; after a power loss the journal is read again from the last
# cursor on disk.
# Nothing here may write (auto_vacuum does): opening a connection would wait for the writer of the moment.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16000"
)
# IMMEDIATE: a transaction that reads and then writes waits for its turn instead of failing as locked.
SQLITE_OPTIONS = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_PRAGMAS}
# Without it a host that swallows packets holds whoever asks for minutes.
CONNECT_TIMEOUT_SECONDS = 10
LOGS = "logs"
# What people set about records lies with the rest of the configuration.
SET_BY_PEOPLE = frozenset({"alertrule", "alertstate", "dispatcher", "logsettings", "redactionrule"})


def configure(name: str, url: str, base_dir: Path, conn_max_age_seconds: int) -> dict[str, Any]:
    """`name` is the variable that `url` came from; a refusal names it, never the URL with its password."""
    scheme, separator, rest = url.partition("://")
    # SQLAlchemy's postgresql+asyncpg:// is a PostgreSQL address too.
    scheme = scheme.partition("+")[0].lower()
    if not separator or scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} must begin with sqlite:/// or postgres://.")
    if scheme == "sqlite":
        return sqlite(_sqlite_path(name, rest, base_dir))
    return _postgres(name, f"{scheme}://{rest}", conn_max_age_seconds)


def redis_url(name: str, url: str) -> str:
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured(f"{name} must begin with redis://, rediss:// or unix://.")
    return url


def refuse_bus_without_redis(bus: str, url: str) -> None:
    if bus.startswith("redis") and not url:
        raise ImproperlyConfigured(f"LLM_PROXY_EVENT_BUS={bus} needs REDIS_URL.")


def refuse_cache_without_redis(is_on: bool, backend: str, url: str) -> None:
    if is_on and backend == "redis" and not url:
        raise ImproperlyConfigured(
            "HTTP_CACHE_BACKEND=redis needs REDIS_CACHE_URL or REDIS_URL; in-memory needs neither."
        )


def sqlite(path: Path) -> dict[str, Any]:
    # Tests use a file too: a database in memory knows neither WAL nor a second process.
    test = {"NAME": path.with_name(f"test-{path.name}")}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": SQLITE_OPTIONS.copy(),
        "TEST": test,
    }


def _sqlite_path(name: str, rest: str, base_dir: Path) -> Path:
    """sqlite:///file is relative to the project, sqlite:////file absolute, as in SQLAlchemy."""
    if not re.match(r"/[^?]+", rest) or ":memory:" in rest:
        raise ImproperlyConfigured(
            f"{name} must name a file, such as sqlite:///data/relay.db: several processes share it."
        )
    return base_dir / rest[1:].partition("?")[0]


def _postgres(name: str, url: str, conn_max_age_seconds: int) -> dict[str, Any]:
    try:
        urlsplit(url).port  # noqa: B018 - raises on a port that is no number
        settings = environ.Env.db_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is not a database address such as postgres://user:password@host:5432/name."
        ) from None
    if not settings["NAME"]:
        raise ImproperlyConfigured(
            f"{name} names no database; write postgres://user:password@host:5432/name."
        )
    options = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, **settings.get("OPTIONS", {})}
    return settings | {
        "OPTIONS": options,
        "CONN_MAX_AGE": conn_max_age_seconds,
        "CONN_HEALTH_CHECKS": True,
    }


class LogsRouter:
    """Sends the records to LOG_DATABASE_URL; without it there is no such alias and no router."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return LOGS if self._is_of_records(model._meta.app_label, model._meta.model_name) else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        return (db == LOGS) == self._is_of_records(app_label, model_name)

    def _is_of_records(self, app_label: str, model_name: str | None) -> bool:
        return app_label == "logs_app" and model_name not in SET_BY_PEOPLE
