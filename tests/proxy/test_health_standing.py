from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.configuration.configuration import Breaker
from proxy.health import standing
from proxy.health.breaker import HEALTHY, Outcome, Phase, State, after

RULES, NOW = Breaker(), 1_000_000.0


def times(count: int, outcome: Outcome) -> State:
    state = HEALTHY
    for _ in range(count):
        state = after(state, outcome, NOW, RULES)
    return replace(state, words="HTTP 500")


@pytest.mark.parametrize(
    ("state", "seconds", "status", "words"),
    [
        (HEALTHY, 0, "healthy", "It is well."),
        (replace(HEALTHY, refused_keys=("a digest",)), 0, "healthy", "refuses 1 of its keys"),
        (times(1, Outcome.SERVER_ERROR), 0, "failing", "HTTP 500. It gets 70% of its weight."),
        (times(1, Outcome.RATE_LIMITED), 5, "resting", "(HTTP 429), until 13:46:55 UTC."),
        (times(5, Outcome.SERVER_ERROR), 10, "open", "left out until 13:47:10 UTC: HTTP 500."),
        (times(5, Outcome.SERVER_ERROR), 31, "half_open", "being tried again"),
        (replace(HEALTHY, closed_at=NOW), 30, "recovering", "gets 50% of its weight"),
        (times(1, Outcome.AUTH), 0, "refused", "refuses the API key"),
    ],
)
def test_each_state_has_a_word_and_a_sentence(state: State, seconds: float, status: str, words: str) -> None:
    found = standing.judge(state, NOW + seconds, RULES)
    assert (found.status, words in found.words) == (status, True)
    assert (found.until is not None) == (status in ("resting", "open"))
    assert status in standing.STATUSES


def test_what_was_said_ends_with_one_full_stop() -> None:
    state = replace(times(1, Outcome.SERVER_ERROR), words="Nothing listens there.")
    assert standing.judge(state, NOW, RULES).words.startswith(
        "Its last calls failed: Nothing listens there. It"
    )


def test_without_a_breaker_everybody_has_the_whole_share() -> None:
    assert standing.judge(times(5, Outcome.SERVER_ERROR), NOW, Breaker(is_enabled=False)).share == 1


def test_a_disabled_provider_gets_nothing() -> None:
    assert standing.of(None, RULES).share == 0


def test_it_tells_when_and_why() -> None:
    found = standing.judge(replace(HEALTHY, phase=Phase.OPEN, changed_at=NOW, reason="transport"), NOW, RULES)
    assert (found.reason, found.changed_at and found.changed_at.timestamp()) == ("transport", NOW)
    assert standing.judge(HEALTHY, NOW, RULES).changed_at is None


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        (HEALTHY, "healthy", "Its weight is 0: it gets no new calls."),
        (times(1, Outcome.AUTH), "refused", "corrected. Its weight is 0: it gets no new calls."),
    ],
)
def test_without_weight_it_gets_nothing_and_its_status_stays(state: State, status: str, words: str) -> None:
    found = standing.without_weight(standing.judge(state, NOW, RULES))
    assert (found.status, found.share, found.words.endswith(words)) == (status, 0, True)
