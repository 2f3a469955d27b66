from __future__ import annotations

import pytest
from django.db import DatabaseError

from logs_app.freshness import Fresh


class Source:
    def __init__(self) -> None:
        self.reads, self.is_away = 0, False

    def __call__(self) -> int:
        if self.is_away:
            raise DatabaseError("away")
        self.reads += 1
        return self.reads


def test_a_value_is_read_once_for_all_who_ask_within_its_time() -> None:
    fresh = Fresh(Source(), seconds=60)
    assert [fresh.get() for _ in range(3)] == [1, 1, 1]


def test_an_old_value_is_read_again() -> None:
    fresh = Fresh(Source(), seconds=0)
    assert [fresh.get() for _ in range(3)] == [1, 2, 3]


def test_the_last_value_stays_while_the_database_is_away() -> None:
    source = Source()
    fresh = Fresh(source, seconds=0)
    assert fresh.get() == 1
    source.is_away = True
    assert fresh.get() == 1
    source.is_away = False
    assert fresh.get() == 2


def test_before_the_first_value_the_database_is_heard() -> None:
    source = Source()
    source.is_away = True
    with pytest.raises(DatabaseError):
        Fresh(source).get()


def test_what_is_forgotten_is_read_again() -> None:
    fresh = Fresh(Source(), seconds=60)
    fresh.get()
    fresh.forget()
    assert fresh.get() == 2
