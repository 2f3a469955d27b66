from __future__ import annotations

import errno
import os
import stat
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import pytest

from accounts import filelock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.lock"


def test_one_holds_it_until_it_closes(path: Path) -> None:
    ours = filelock.take(path)
    assert ours is not None and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert filelock.take(path) is None and filelock.is_held_at(path)
    os.close(ours)
    assert not filelock.is_held_at(path)
    theirs = filelock.take(path)
    assert theirs is not None
    os.close(theirs)


def test_a_file_that_is_open_can_be_locked(path: Path) -> None:
    with path.open("a+") as ours, path.open("a+") as theirs:
        assert filelock.lock(ours.fileno()) and filelock.lock(ours.fileno())
        assert not filelock.lock(theirs.fileno())
        assert filelock.is_held(theirs.fileno())


def test_who_asks_does_not_keep_it(path: Path) -> None:
    with path.open("a+") as one, path.open("a+") as other:
        assert not filelock.is_held(one.fileno())
        flock(other, LOCK_EX | LOCK_NB)


def test_a_file_that_is_not_there_has_no_holder(path: Path) -> None:
    assert not filelock.is_held_at(path)
    assert not path.exists()


def test_a_file_that_cannot_be_locked_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(filelock, "flock", fail)
    with pytest.raises(OSError, match="no locks"):
        filelock.take(path)
