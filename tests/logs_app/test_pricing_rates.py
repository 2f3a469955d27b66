from __future__ import annotations

from dataclasses import astuple, replace
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
    st.none() | st.floats(0, 1e6, allow_nan=False), tokens, tokens, tokens, tokens, tokens,
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
    after = cost(price, replace(used, completion=used.completion + more))
    assert after is not None and after >= before


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**10))
def test_a_cheaper_cache_makes_a_call_cheaper(plain, cached, written, input_rate):
    used = Quantities(plain + cached + written, 0, cached, written)
    full = cost(Rates(input=input_rate), used)
    discounted = cost(Rates(input=input_rate, cached_input=input_rate // 10), used)
    assert full == round(Fraction((plain + cached + written) * input_rate, MILLION))
    assert discounted is not None and full is not None and discounted <= full


AUDIO = Rates(input=2, cached_input=1, output=10, audio_input=40, audio_output=80)


@pytest.mark.parametrize(
    ("used", "millionths"),
    [
        (Quantities(100, 50), 100 * 2 + 50 * 10),
        (Quantities(100, 50, audio=70, prompt_audio=60), 40 * 2 + 60 * 40 + 40 * 10 + 10 * 80),
        (Quantities(100, 50, audio=30), 100 * 2 + 20 * 10 + 30 * 80),
        # 70 of 100 were cached: 40 of text, and 30 of sound.
        (Quantities(100, 0, cached=70, audio=60, prompt_audio=60), 70 * 1 + 30 * 40),
        # More sound than tokens makes no sense, and is not charged.
        (Quantities(10, 5, audio=900, prompt_audio=500), 10 * 40 + 5 * 80),
        (Quantities(100, 50, image=70, prompt_image=60), 100 * 2 + 50 * 10),
    ],
)
def test_sound_is_part_of_prompt_and_answer_and_has_its_own_rate(used, millionths):
    price = Rates(*(None if rate is None else rate * MILLION for rate in astuple(AUDIO)))
    assert cost(price, used) == millionths


def test_pictures_have_theirs():
    price = Rates(input=5 * MILLION, output=10 * MILLION, image_input=8 * MILLION, image_output=32 * MILLION)
    used = Quantities(50, 1000, image=1030, prompt_image=40)
    assert cost(price, used) == 10 * 5 + 40 * 8 + 10 * 10 + 990 * 32


def test_the_sum_of_the_answer_need_not_be_known_where_only_the_prompt_is_charged():
    assert cost(Rates(input=MILLION, audio_input=3 * MILLION), Quantities(8, audio=8, prompt_audio=8)) == 24


def test_a_price_without_the_later_rates_keeps_its_version():
    """Records name it."""
    assert Rates(input=150_000_000, output=600_000_000).version == "101a4a27178a"
    assert Rates(input=1, audio_input=2).version != Rates(input=1).version
