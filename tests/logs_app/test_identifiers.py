from __future__ import annotations

import time
import uuid

from logs_app import identifiers


def test_an_id_is_a_version_7_uuid() -> None:
    made = uuid.UUID(identifiers.as_text(identifiers.uuid7()))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_an_id_is_spelled_as_a_uuid() -> None:
    made = uuid.uuid4()
    assert identifiers.as_text(made.bytes) == str(made)


def test_an_id_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = int.from_bytes(identifiers.uuid7()[:6])
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_ids_sort_by_the_microsecond_they_were_made_in() -> None:
    made = []
    for _ in range(50):
        made.append(identifiers.uuid7())
        until = time.time_ns() + 2_000
        while time.time_ns() < until:
            pass
    assert made == sorted(made)


def test_no_two_ids_are_alike() -> None:
    assert len({identifiers.uuid7() for _ in range(10_000)}) == 10_000
