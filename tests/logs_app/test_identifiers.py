from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from logs_app import identifiers


def test_an_id_is_a_version_7_uuid() -> None:
    made = uuid.UUID(identifiers.as_text(identifiers.uuid7()))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_an_id_is_spelled_as_a_uuid() -> None:
    made = uuid.uuid4()
    assert identifiers.as_text(made.bytes) == str(made)


def test_an_id_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = identifiers.milliseconds_of(uuid.UUID(bytes=identifiers.uuid7()))
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


def test_the_first_id_of_a_moment_lies_between_the_records_before_and_after() -> None:
    moment = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    milliseconds = int(moment.timestamp() * 1000)
    before = uuid.UUID(int=(milliseconds - 1) << 80 | (1 << 80) - 1)
    assert before < identifiers.first_id(moment) <= uuid.UUID(int=milliseconds << 80)
    assert identifiers.first_id(datetime(1960, 1, 1, tzinfo=UTC)).int == 0
