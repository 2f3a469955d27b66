from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.pricing.rates import LARGEST_COST, RATE_NAMES, Quantities, Rates, cost

MILLION = 1_000_000
rate = st.none() | st.integers(0, 10**12)
rates = st.builds(Rates, **dict.fromkeys(RATE_NAMES, rate))
tokens = st.none() | st.integers(0, 2**31 - 1)
quantities = st.builds(
    Quantities, tokens, tokens, tokens, tokens, tokens,
    st.none() | st.floats(0, 1e6, allow_nan=False), tokens,
)  # fmt: skip


def test_tokens_cost_their_share_of_a_million():
    usual = Rates(input=150_000_000, output=600_000_000)
    assert cost(usual, Quantities(prompt=1000, completion=500)) == 450_000


def test_cached_and_written_tokens_are_part_of_the_prompt():
    price = Rates(input=3 * MILLION, cached_input=300_000, cache_write=3_750_000, output=0)
    used = Quantities(prompt=1000, completion=9, cached=600, cache_write=100)
    assert cost(price, used) == 300 * 3 + 600 * 0.3 + 100 * 3.75


def test_without_a_rate_of_their_own_they_cost_like_input():
    assert cost(Rates(input=2 * MILLION), Quantities(prompt=10, cached=5, cache_write=5)) == 20


def test_what_is_not_known_is_not_guessed():
    assert cost(Rates(input=1, output=1), Quantities(prompt=5)) is None
    assert cost(Rates(input=1), Quantities(completion=5)) is None
    assert cost(Rates(), Quantities(prompt=5)) is None
    assert cost(Rates(image=1), Quantities(prompt=5)) is None


def test_what_is_not_charged_need_not_be_known():
    assert cost(Rates(input=MILLION), Quantities(prompt=8)) == 8


@pytest.mark.parametrize(
    ("price", "used", "nanos"),
    [
        (Rates(image=40_000_000), Quantities(images=3), 120_000_000),
        (Rates(second=100_000), Quantities(seconds=12.5), 1_250_000),
        (Rates(characters=15_000_000_000), Quantities(characters=200), 3_000_000),
        (Rates(input=0, output=0), Quantities(prompt=5, completion=5), 0),
    ],
)
def test_other_things_than_tokens(price, used, nanos):
    assert cost(price, used) == nanos


def test_a_version_names_the_rates():
    assert Rates(input=1).version == Rates(input=1).version != Rates(output=1).version
    assert len(Rates().version) == 12


@given(rates, quantities)
def test_a_cost_is_a_whole_number_that_fits_or_nothing(price, used):
    nanos = cost(price, used)
    assert nanos is None or (type(nanos) is int and 0 <= nanos <= LARGEST_COST)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**7), st.integers(0, 10**7))
def test_nothing_is_lost_but_less_than_a_nano_dollar(input_rate, output_rate, prompt, completion):
    exact = (Decimal(prompt) * input_rate + Decimal(completion) * output_rate) / MILLION
    nanos = cost(Rates(input=input_rate, output=output_rate), Quantities(prompt, completion))
    assert nanos is not None and abs(Decimal(nanos) - exact) <= Decimal("0.5")


@given(rates, quantities, st.integers(0, 10**6))
def test_more_tokens_never_cost_less(price, used, more):
    before = cost(price, used)
    if before is None or used.completion is None:
        return
    longer = Quantities(
        used.prompt, used.completion + more, used.cached, used.cache_write, used.images, used.seconds,
        used.characters,
    )  # fmt: skip
    after = cost(price, longer)
    assert after is not None and after >= before


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**10))
def test_a_cheaper_cache_makes_a_call_cheaper(plain, cached, written, input_rate):
    used = Quantities(plain + cached + written, 0, cached, written)
    full = cost(Rates(input=input_rate), used)
    discounted = cost(Rates(input=input_rate, cached_input=input_rate // 10), used)
    assert full == round(Fraction((plain + cached + written) * input_rate, MILLION))
    assert discounted is not None and full is not None and discounted <= full
