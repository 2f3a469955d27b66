from __future__ import annotations

import pytest

from relay.dashboard import numbers


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"), (999, "999"), (12_345, "12,345"), (99_999, "99,999"), (123_456, "123 k"),
        (1_234_567, "1.23 M"), (12_345_678, "12.3 M"), (5_000_000_000, "5.00 G"), (10**13, "10.0 T"),
    ],
)  # fmt: skip
def test_counts_are_short_but_small_ones_whole(number, shown):
    assert numbers.count(number) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "–"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 3, "33.3 %"), (999, 1000, "99.90 %"),
        (999_999, 1_000_000, "> 99.99 %"), (1, 1_000_000, "< 0.01 %"), (1, 200, "0.50 %"),
    ],
)  # fmt: skip
def test_one_failure_of_a_million_is_one(part, whole, shown):
    assert numbers.share(part, whole) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0.4, "0.4 ms"), (42.04, "42.0 ms"), (321.6, "322 ms"), (1500, "1.50 s"),
        (12_340, "12.3 s"), (90_000, "1.5 min"),
    ],
)  # fmt: skip
def test_times_have_the_unit_that_fits(value, shown):
    assert numbers.milliseconds(value) == shown


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (None, "–"), (0, "$0.00"), (1, "$0.000000001"), (17_400, "$0.000017"), (9_400_000, "$0.0094"),
        (1_239_900_000, "$1.24"), (1_234_567 * 10**9, "$1,234,567"),
    ],
)  # fmt: skip
def test_dollars_show_what_tells(nanos, shown):
    assert numbers.dollars(nanos) == shown
