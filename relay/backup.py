"""A copy of a data folder from which a relay can be started, made while the one that it belongs to serves.

The order is what makes it whole. The journal comes first, then the databases: an exchange that is not in the
copied journal any more is recorded by then, and one that is in both is recorded once, by its id. The other
way round, what is recorded between the two would be in neither.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import Error, connections

from logs_app.journal import segments
from relay.start import schema

# Files of the data folder, and the variables that may bring their values instead.
SECRETS = {
    "secret_key": "SECRET_KEY",
    "encryption_key": "FIELD_ENCRYPTION_KEYS",
    "management_token": "MANAGEMENT_TOKEN",
    "node_id": "NODE_ID",
}
# Under these names a relay finds them in its data folder.
DATABASES = {"default": "relay.db", "logs": "logs.db"}
UNREADABLE = "unreadable"


class BackupFailed(Exception):
    """Says why, for whoever wanted one."""


def make(output: Path) -> list[str]:
    """What is in it, a line each. It has its name only when it is whole."""
    if output.exists():
        raise BackupFailed(f"{output} exists already. Name a folder that does not.")
    if not output.parent.is_dir():
        raise BackupFailed(f"There is no folder {output.parent}.")
    _refuse_where_no_relay_is()
    draft = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        draft.mkdir(mode=0o700)
        lines = [*_secrets(draft), _journal(draft), *_databases(draft)]
        _force_to_disk(draft)
        draft.rename(output)
    except (OSError, sqlite3.Error, Error) as error:
        raise BackupFailed(f"No backup was made: {error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return lines


def _refuse_where_no_relay_is() -> None:
    """With another DATA_DIR than the relay's, what was made would be new keys and an empty database."""
    try:
        missing = [alias for alias in connections if not schema.is_set_up(alias)]
    except Error as error:
        raise BackupFailed(f"The database does not answer: {error}") from None
    if missing:
        raise BackupFailed(
            f"No relay was ever started with DATA_DIR={settings.DATA_DIR} and this DATABASE_URL: "
            "there is nothing to keep. Run this with the variables of the relay."
        )


def databases_elsewhere() -> list[str]:
    """Those that a copy of files cannot hold."""
    return [alias for alias in connections if connections[alias].vendor != "sqlite"]


def secrets_elsewhere() -> list[str]:
    """The variables whose values do not come from the data folder."""
    return [variable for name, variable in SECRETS.items() if _stored(name) not in _used(variable)]


def _stored(name: str) -> str:
    path = settings.DATA_DIR / name
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _used(variable: str) -> list[str]:
    value = getattr(settings, variable)
    return value if isinstance(value, list) else [value]


def _secrets(draft: Path) -> Iterator[str]:
    for name in (*SECRETS, "audit.log"):
        if (settings.DATA_DIR / name).exists():
            _copy(settings.DATA_DIR / name, draft / name)
            yield name


def _journal(draft: Path) -> str:
    """Also what could not be read: the right key may be found later."""
    copied: set[str] = set()
    for folder in (Path("journal"), Path("journal", UNREADABLE)):
        if (settings.DATA_DIR / folder).is_dir():
            (draft / folder).mkdir(mode=0o700)
            copied |= copy_segments(settings.DATA_DIR / folder, draft / folder)
    return f"journal: {len(copied)} segments"


def copy_segments(source: Path, target: Path) -> set[str]:
    """Again while there are new carry segments: what they were made of may be gone before we came to it."""
    copied: set[str] = set()
    waiting = _segments(source)
    while waiting:
        copied |= {name for name in waiting if _copy(source / name, target / name)}
        waiting = {
            name: parsed
            for name, parsed in _segments(source).items()
            if parsed.is_carry and name not in copied
        }
    return copied


def _segments(folder: Path) -> dict[str, segments.Name]:
    return {name: parsed for name in os.listdir(folder) if (parsed := segments.parse_name(name))}


def _copy(source: Path, target: Path) -> bool:
    """False when it is gone: recorded in this moment, and so in the database."""
    try:
        with source.open("rb") as reading, _create(target) as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
    except FileNotFoundError:
        return False
    return True


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _databases(draft: Path) -> Iterator[str]:
    for alias, name in DATABASES.items():
        if alias in connections and connections[alias].vendor == "sqlite":
            _create(draft / name).close()
            _copy_database(alias, draft / name)
            yield f"{name}: {(draft / name).stat().st_size / 1e6:.1f} MB"


def _copy_database(alias: str, target: Path) -> None:
    """In one step: a copy in several begins anew whenever somebody writes. Writers go on meanwhile."""
    connection = connections[alias]
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)


def _force_to_disk(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
