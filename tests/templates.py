"""A migrated database for each engine, made once for all processes of a test run, to be copied.

Migrating takes three seconds of a core, and the tests want some hundred databases.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
# The folder where they are; the parallel processes inherit it. Without it there are no templates.
FOLDER_VARIABLE = "TEST_TEMPLATES"


def begin(folder: Path) -> bool:
    """True for the process whose part it is to `end`."""
    is_first = FOLDER_VARIABLE not in os.environ
    if is_first:
        folder.mkdir()
        os.environ[FOLDER_VARIABLE] = str(folder)
    return is_first


def end() -> None:
    folder = Path(os.environ.pop(FOLDER_VARIABLE))
    if (folder / "postgresql").exists():
        own = [*(folder / "databases").read_text().split(), _name(folder)]
        drops = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in own]
        execute(os.environ["TEST_DATABASE_URL"], *drops)
    shutil.rmtree(folder, ignore_errors=True)


def exist() -> bool:
    return FOLDER_VARIABLE in os.environ


def copy_sqlite(to: Path) -> None:
    shutil.copyfile(_migrated("sqlite") / "relay.db", to)
    to.chmod(0o600)


def create_postgresql(server_url: str, name: str) -> None:
    drop_at_the_end(name)
    execute(server_url, f"CREATE DATABASE {name} TEMPLATE {_name(_migrated('postgresql'))}")


def become(connection: Any) -> None:
    """Its database is a copy from now on."""
    if connection.vendor == "sqlite":
        name = connection.settings_dict["TEST"]["NAME"]
        copy_sqlite(name)
    else:
        name = f"tests_{uuid.uuid4().hex[:12]}"
        create_postgresql(os.environ["TEST_DATABASE_URL"], name)
    connection.settings_dict["NAME"] = name


def drop_at_the_end(name: str) -> None:
    """Of all tests. Who makes files when others were deleted waits: ext4 gives their numbers to nobody for
    some seconds, and passes by all of them for each of the five hundred files of the next database.
    """
    with (Path(os.environ[FOLDER_VARIABLE]) / "databases").open("a") as databases:
        databases.write(f"{name}\n")


def at(server_url: str, name: str) -> str:
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def execute(server_url: str, *statements: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _migrated(engine: str) -> Path:
    """The folder, where the template is; the first process makes it, and others wait."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = folder / engine
        if not mark.exists():
            _make(engine, folder)
            mark.touch()
    return folder


def _make(engine: str, folder: Path) -> None:
    if engine == "sqlite":
        _migrate(folder, f"sqlite:///{folder / 'relay.db'}")
    else:
        server_url = os.environ["TEST_DATABASE_URL"]
        execute(server_url, f"CREATE DATABASE {_name(folder)}")
        _migrate(folder, at(server_url, _name(folder)))


def _name(folder: Path) -> str:
    return f"template_{folder.parent.name}".replace("-", "_")


def _migrate(folder: Path, url: str) -> None:
    environ = os.environ | {"DATA_DIR": str(folder), "ENV_FILE": os.devnull, "DATABASE_URL": url}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environ, check=True)
