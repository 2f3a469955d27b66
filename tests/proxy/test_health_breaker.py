from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.configuration.configuration import Breaker
from proxy.health import breaker
from proxy.health.breaker import HEALTHY, Outcome, Phase, State

RULES = Breaker()
NOW = 1_000_000.0


def after(*outcomes: Outcome, state: State = HEALTHY, now: float = NOW, wait: float = 0) -> State:
    """All at one moment."""
    for outcome in outcomes:
        state = breaker.after(state, outcome, now, RULES, wait)
    return state


def share(state: State, seconds: float = 0) -> float:
    return breaker.share(state, NOW + seconds, RULES)


def phase(state: State, seconds: float = 0) -> Phase:
    return breaker.phase(state, NOW + seconds)


@pytest.mark.parametrize(
    ("outcome", "threshold", "factor"),
    [(Outcome.SERVER_ERROR, 5, 0.7), (Outcome.TRANSPORT, 4, 0.7), (Outcome.TIMEOUT, 4, 0.9)],
)
def test_failures_lower_the_share_and_enough_of_them_open(
    outcome: Outcome, threshold: int, factor: float
) -> None:
    almost = after(*[outcome] * (threshold - 1))
    assert (phase(almost), share(almost)) == (Phase.CLOSED, pytest.approx(factor ** (threshold - 1)))
    opened = after(outcome, state=almost)
    assert (phase(opened), share(opened), share(opened, 29.9)) == (Phase.OPEN, 0, 0)
    assert phase(opened, 30) is Phase.HALF_OPEN


def test_only_failures_in_a_row_open() -> None:
    four = [Outcome.SERVER_ERROR] * 4
    assert phase(after(*four, Outcome.SUCCESS, *four)) is Phase.CLOSED


def test_a_429_rests_twice_as_long_each_time_and_the_third_opens() -> None:
    first = after(Outcome.RATE_LIMITED)
    assert (share(first, 14.9), share(first, 15)) == (0, 1)
    second = after(Outcome.RATE_LIMITED, state=first)
    assert (share(second, 29.9), share(second, 30)) == (0, 1)
    third = after(Outcome.RATE_LIMITED, state=second)
    assert (phase(third, 59.9), phase(third, 60)) == (Phase.OPEN, Phase.HALF_OPEN)


@pytest.mark.parametrize(("asked", "rest"), [(7, 7), (1000, 300)])
def test_a_429_rests_as_long_as_it_says_and_no_longer_than_the_most(asked: float, rest: float) -> None:
    resting = after(Outcome.RATE_LIMITED, wait=asked)
    assert (share(resting, rest - 0.1), share(resting, rest)) == (0, 1)


def test_a_success_does_not_end_the_rest() -> None:
    assert share(after(Outcome.RATE_LIMITED, Outcome.SUCCESS)) == 0


def test_half_open_closes_after_two_successes_and_starts_slowly() -> None:
    state, then = after(*[Outcome.TRANSPORT] * 4), NOW + 30
    assert share(state, 30) == pytest.approx(0.7**4 * 0.2)
    one = after(Outcome.SUCCESS, state=state, now=then)
    assert phase(one, 30) is Phase.HALF_OPEN
    closed = after(Outcome.SUCCESS, state=one, now=then)
    assert phase(closed, 30) is Phase.CLOSED
    whole = 0.7**4 + 0.2
    shares = [share(closed, 30 + seconds) for seconds in (0, 30, 60, 600)]
    assert shares == pytest.approx([0.05, whole / 2, whole, whole])


def test_a_failure_in_half_open_opens_for_twice_as_long() -> None:
    state, then = after(*[Outcome.SERVER_ERROR] * 5), NOW
    for seconds in (30, 60, 120, 240, 300, 300):
        assert (phase(state, then - NOW + seconds - 0.1)) is Phase.OPEN
        then += seconds
        state = after(Outcome.SERVER_ERROR, state=state, now=then)


def test_what_is_tried_while_open_can_close_it_but_not_keep_it_open() -> None:
    opened = after(*[Outcome.SERVER_ERROR] * 5)
    assert after(Outcome.SERVER_ERROR, state=opened).until == opened.until
    assert phase(after(Outcome.SUCCESS, state=opened)) is Phase.HALF_OPEN
    assert phase(after(Outcome.SUCCESS, Outcome.SUCCESS, state=opened)) is Phase.CLOSED


def test_a_refused_key_leaves_out_until_one_is_accepted() -> None:
    refused = after(Outcome.AUTH)
    assert (share(refused), share(refused, 10**6)) == (0, 0)
    assert share(after(Outcome.ANSWERED, state=refused)) == 0
    assert share(after(Outcome.REACHED, state=refused)) == 1


def test_a_probe_opens_half_where_the_way_was_broken_and_nowhere_else() -> None:
    for probed in (Outcome.REACHED, Outcome.ANSWERED):
        assert phase(after(*[Outcome.TRANSPORT] * 4, probed)) is Phase.HALF_OPEN
    for outcome in (Outcome.SERVER_ERROR, Outcome.RATE_LIMITED):
        opened = after(*[outcome] * 5)
        assert after(Outcome.REACHED, state=opened) == opened


def test_the_fault_of_a_caller_says_nothing() -> None:
    state = after(Outcome.SERVER_ERROR)
    assert after(Outcome.CALLER_FAULT, state=state) is state


def test_it_is_healthy_again_when_nothing_has_to_be_remembered() -> None:
    state = after(*[Outcome.TRANSPORT] * 4, *[Outcome.SUCCESS] * 2)
    assert not breaker.is_healthy(state, NOW + 60, RULES)
    state = after(*[Outcome.SUCCESS] * 10, state=state, now=NOW + 1)
    assert not breaker.is_healthy(state, NOW + 59, RULES)
    assert breaker.is_healthy(state, NOW + 60, RULES)
    assert breaker.is_healthy(HEALTHY, NOW, RULES)


def test_of_those_left_out_the_one_that_returns_first_is_best() -> None:
    refused, long = after(Outcome.AUTH), after(Outcome.RATE_LIMITED, wait=200)
    short, weak = after(Outcome.RATE_LIMITED, wait=20), after(Outcome.SERVER_ERROR)
    ranked = sorted([refused, long, weak, short, HEALTHY], key=lambda state: breaker.despair(state, NOW))
    assert ranked == [HEALTHY, weak, short, long, refused]


seconds = st.floats(0, 1000)
happenings = st.lists(st.tuples(st.sampled_from(Outcome), seconds, seconds), max_size=60)


@given(happenings, st.builds(lambda floor: replace(RULES, min_multiplier=floor), st.floats(0, 1)))
def test_whatever_happens_it_stays_within_bounds_and_comes_back(
    happened: list[tuple[Outcome, float, float]], rules: Breaker
) -> None:
    state, now = HEALTHY, NOW
    for outcome, wait, passed in happened:
        now += passed
        state = breaker.after(state, outcome, now, rules, wait)
        assert 0 <= breaker.share(state, now, rules) <= 1
        assert state.multiplier >= min(rules.min_multiplier, 1)
        assert state.until <= now + 300
    for _ in range(40):
        now += 300
        state = breaker.after(state, Outcome.SUCCESS, now, rules)
    assert breaker.is_healthy(state, now, rules)
