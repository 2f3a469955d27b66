from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.tokens.remaining import Left, of_time, of_uses

BORN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("passed", "left"),
    [(0, Left(36_000, 1.0)), (9, Left(3600, 0.1)), (10, Left(0, 0.0)), (12, Left(-7200, 0.0))],
)
def test_time_is_left_until_the_end(passed: int, left: Left) -> None:
    assert of_time(BORN, BORN + 10 * HOUR, BORN + passed * HOUR) == left


def test_what_never_ends_has_no_time_left() -> None:
    assert of_time(BORN, None, BORN) is None


def test_a_life_without_length_is_over() -> None:
    assert of_time(BORN, BORN, BORN) == Left(0, 0.0)


@pytest.mark.parametrize(
    ("most", "used", "left"),
    [(500, 382, Left(118, 0.236)), (5, 7, Left(0, 0.0)), (None, 3, None), (0, 3, None), (5, None, None)],
)
def test_uses_are_left_until_the_quota(most: int | None, used: int | None, left: Left | None) -> None:
    assert of_uses(most, used) == left
