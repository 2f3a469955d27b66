from __future__ import annotations

from pathlib import Path

import pytest

from logs_app.recorder.suspects import Suspects
from tests.logs_app.journals import new_id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "suspects"


def die_in(path: Path, id: bytes) -> None:
    suspects = Suspects(path)
    suspects.enter(id)
    suspects.close()


def convicted(path: Path) -> set[bytes]:
    suspects = Suspects(path)
    suspects.close()
    return suspects.convicted


def test_one_death_convicts_nobody(path):
    id = new_id()
    die_in(path, id)
    assert convicted(path) == set()


def test_the_second_death_convicts(path):
    id = new_id()
    die_in(path, id)
    die_in(path, id)
    assert convicted(path) == {id}
    assert convicted(path) == {id}  # a later start forgets nothing


def test_who_left_is_not_blamed(path):
    id = new_id()
    for _ in range(3):
        suspects = Suspects(path)
        suspects.enter(id)
        suspects.leave()
        suspects.close()
    assert convicted(path) == set()


def test_deaths_of_others_in_between_do_not_acquit(path):
    id = new_id()
    die_in(path, id)
    for _ in range(50):
        die_in(path, new_id())
    die_in(path, id)
    assert convicted(path) == {id}


def test_only_the_newest_suspects_are_remembered(path):
    id = new_id()
    die_in(path, id)
    for _ in range(200):
        die_in(path, new_id())
    die_in(path, id)
    assert convicted(path) == set()
    assert path.stat().st_size < 2000
