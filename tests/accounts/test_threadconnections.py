from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import Error as DatabaseError
from django.db import connections

from accounts.models import Project
from accounts.threadconnections import KeptConnection, ask_once
from relay.environment import databases
from tests import templates
from tests.scratch import Scratch, connected


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "relay.db"
    templates.copy_sqlite(path)
    return path


@pytest.fixture
def alias(file: Path, django_db_blocker) -> Iterator[str]:
    with django_db_blocker.unblock(), connected(databases.sqlite(file)) as alias:
        yield alias


def is_open(alias: str) -> bool:
    return connections[alias].connection is not None


def names(alias: str) -> list[str]:
    return list(Project.objects.using(alias).values_list("name", flat=True))


def test_what_is_asked_once_leaves_no_connection(scratch: Scratch) -> None:
    connections[scratch.alias].close()
    assert ask_once(Project.objects.using(scratch.alias).count) == 0
    assert not is_open(scratch.alias)

    def fail() -> None:
        Project.objects.using(scratch.alias).count()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ask_once(fail)
    assert not is_open(scratch.alias)


def test_a_kept_one_stays_open_between_questions(alias: str) -> None:
    kept = KeptConnection(alias)
    assert kept.check()
    names(alias)
    opened = connections[alias].connection
    assert not kept.check()
    names(alias)
    assert connections[alias].connection is opened


def test_a_file_that_was_replaced_is_read_anew(alias: str, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shutil.copyfile(file, other)
    kept = KeptConnection(alias)
    kept.check()
    Project.objects.using(alias).create(name="of the first")
    assert names(alias) == ["of the first"]
    for journal in ("-wal", "-shm"):
        file.with_name(file.name + journal).unlink()
    os.replace(other, file)
    assert kept.check()
    assert names(alias) == []
    assert not kept.check()


def test_without_its_file_it_says_so_and_makes_none(alias: str, file: Path) -> None:
    kept = KeptConnection(alias)
    kept.check()
    connections[alias].close()
    file.unlink()
    with pytest.raises(DatabaseError, match="No such file"):
        kept.check()
    assert not file.exists()


def test_one_that_its_server_has_ended_is_closed(scratch: Scratch) -> None:
    if scratch.vendor != "postgresql":
        pytest.skip("a file does not end connections")
    connection = connections[scratch.alias]
    kept = KeptConnection(scratch.alias)
    names(scratch.alias)
    connection.connection.close()
    connection.errors_occurred = True  # what Django notes when a statement fails
    assert not kept.check()
    assert names(scratch.alias) == []
