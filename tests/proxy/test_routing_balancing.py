from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.routing import balancing
from proxy.routing.balancing import RoundRobin

WEIGHTS = st.lists(st.integers(1, 20), min_size=1, max_size=6)


def picks(weights: list[int], count: int, robin: RoundRobin | None = None) -> list[int]:
    robin = robin or RoundRobin()
    ids = tuple(range(len(weights)))
    return [robin.order(ids, weights)[0] for _ in range(count)]


def test_three_to_one_is_exact_over_400() -> None:
    assert Counter(picks([3, 1], 400)) == {0: 300, 1: 100}


def test_turns_are_spread_and_not_bunched() -> None:
    assert picks([3, 1], 8) == [0, 0, 1, 0, 0, 0, 1, 0]


@given(WEIGHTS, st.integers(0, 100))
def test_any_window_of_all_turns_has_everybody_exactly_his_share(weights: list[int], start: int) -> None:
    total = sum(weights)
    window = picks(weights, start + total)[start:]
    assert Counter(window) == dict(enumerate(weights))


@given(WEIGHTS, st.integers(1, 200))
def test_nobody_strays_far_from_his_share(weights: list[int], count: int) -> None:
    seen, total = Counter(picks(weights, count)), sum(weights)
    for position, weight in enumerate(weights):
        assert abs(seen[position] - count * weight / total) < len(weights)


@given(WEIGHTS)
def test_an_order_names_everybody_once(weights: list[int]) -> None:
    ids = tuple(range(len(weights)))
    assert sorted(RoundRobin().order(ids, weights)) == list(ids)


def test_groups_take_their_turns_apart() -> None:
    robin = RoundRobin()
    first = [robin.order((1, 2), [1, 1])[0] for _ in range(4)]
    other = [robin.order((1, 3), [1, 1])[0] for _ in range(4)]
    assert first == other == [0, 1, 0, 1]


def test_a_weight_that_changes_holds_from_the_next_turn_on() -> None:
    robin = RoundRobin()
    picks([1, 1], 10, robin)
    assert Counter(picks([9, 1], 100, robin)) == {0: 90, 1: 10}


def test_the_memory_of_groups_is_bounded() -> None:
    robin = RoundRobin()
    for number in range(3000):
        robin.order((number, number + 1), [1, 1])
    assert len(robin._credits) <= balancing._REMEMBERED_GROUPS


def test_several_workers_together_are_off_by_less_than_their_number() -> None:
    workers = [RoundRobin() for _ in range(4)]
    chance = random.Random(3)
    seen = Counter(chance.choice(workers).order((1, 2), [3, 1])[0] for _ in range(400))
    assert abs(seen[0] - 300) < 4


@pytest.mark.parametrize("weights", [[3, 1], [1, 1, 2]])
def test_random_choice_keeps_the_shares_in_the_long_run(weights: list[int]) -> None:
    chance = random.Random(11)
    seen = Counter(balancing.shuffle(weights, chance)[0] for _ in range(20_000))
    for position, weight in enumerate(weights):
        assert seen[position] / 20_000 == pytest.approx(weight / sum(weights), abs=0.02)


def test_random_choice_differs_from_call_to_call() -> None:
    chance = random.Random(5)
    firsts = [balancing.shuffle([1, 1], chance)[0] for _ in range(50)]
    assert any(a == b for a, b in pairwise(firsts))
