from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.money import dollars, nanos, shown


@pytest.mark.parametrize(
    ("text", "amount"), [("2.50", 2_500_000_000), ("0", 0), ("0.000000001", 1), ("1e-3", 1_000_000)]
)
def test_dollars_become_whole_nanos(text, amount):
    assert nanos(text) == amount


@pytest.mark.parametrize("text", ["", "x", "-1", "nan", "inf", "1e12", "0.0000000001"])
def test_what_is_no_amount_is_refused_in_words(text):
    with pytest.raises(ValueError, match="dollars|decimal places"):
        nanos(text)


@given(st.integers(0, 10**18))
def test_nothing_is_lost_on_the_way_to_dollars_and_back(amount):
    assert nanos(dollars(amount) or "") == amount


def test_dollars_are_written_plainly():
    assert [dollars(value) for value in (None, 0, 1, 2_500_000_000)] == [None, "0", "0.000000001", "2.5"]


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (None, "–"),
        (0, "$0.00"),
        (1_234_567_890_000, "$1,234.57"),
        (12_340_000, "$0.0123"),
        (15_000, "$0.000015"),
        (340, "$0.00000034"),
    ],
)
def test_a_small_price_keeps_the_digits_that_tell(amount, said):
    assert shown(amount) == said


def test_an_estimate_says_so():
    assert (shown(12_340_000, True), shown(None, True)) == ("≈ $0.0123", "–")
