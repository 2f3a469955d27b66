from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from proxy.configuration.configuration import Breaker, Provider, Snapshot
from proxy.health import Health, Outcome, Phase
from proxy.health.table import Table
from tests.proxy.lanes import SETTINGS, provider

KEYS = ("sk-one", "sk-two", "sk-three")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Configured:
    def __init__(self, *providers: Provider) -> None:
        self.current = Snapshot(1, {}, providers, SETTINGS)

    def correct(self, **given: object) -> None:
        changed = replace(self.current.providers[0], **given)
        self.current = replace(self.current, providers=(changed, *self.current.providers[1:]))

    def rule(self, **given: object) -> None:
        settings = replace(self.current.settings, breaker=replace(Breaker(), **given))
        self.current = replace(self.current, settings=settings)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def configured() -> Configured:
    one = provider("https://a.example")
    return Configured(one, replace(one, id=2), replace(one, id=3, api_key=KEYS[0], extra_api_keys=KEYS[1:]))


@pytest.fixture
def health(configured: Configured, clock: Clock) -> Health:
    return Health(configured, clock=clock)


def fail(health: Health, provider_id: int = 1, times: int = 5) -> None:
    for _ in range(times):
        health.report(provider_id, Outcome.SERVER_ERROR, words="HTTP 500")


def test_a_healthy_provider_has_its_whole_share_and_no_state(health: Health) -> None:
    health.report(1, Outcome.SUCCESS)
    health.report(1, Outcome.CALLER_FAULT)
    assert (health.share(1), dict(health.states())) == (1, {})


def test_one_that_fails_is_left_out_comes_back_and_is_forgotten(health: Health, clock: Clock) -> None:
    fail(health)
    assert (health.share(1), health.share(2), health.begin(1)) == (0, 1, None)
    assert health.states()[1].words == "HTTP 500"
    clock.now += 30
    permit = health.begin(1)
    assert permit is not None
    assert (health.begin(1), 0 < health.share(1) < 1) == (None, True)
    health.report(1, Outcome.SUCCESS)
    permit.end()
    with health.begin(1) as permit:
        health.report(1, Outcome.SUCCESS)
    assert health.states()[1].phase is Phase.CLOSED
    clock.now += 60
    for _ in range(10):
        health.report(1, Outcome.SUCCESS)
    assert (health.share(1), dict(health.states())) == (1, {})


def test_a_permit_is_given_back_once(health: Health, clock: Clock) -> None:
    fail(health)
    clock.now += 30
    permit = health.begin(1)
    assert permit is not None
    permit.end()
    other = health.begin(1)
    permit.end()
    assert other is not None and health.begin(1) is None


def test_of_those_left_out_the_best_is_tried_anyway(health: Health, clock: Clock) -> None:
    fail(health, 2)
    clock.now += 1
    fail(health, 1)
    assert health.most_hopeful([1, 2]) == [2, 1]
    assert health.begin(2, anyway=True) is not None


def test_a_changed_configuration_begins_anew(health: Health, configured: Configured) -> None:
    fail(health)
    configured.correct(weight=9)
    assert health.share(1) == 0
    configured.correct(api_base="https://b.example")
    assert health.share(1) == 1


def test_switched_off_it_leaves_nobody_out(health: Health, configured: Configured) -> None:
    fail(health)
    configured.rule(is_enabled=False)
    assert (health.share(1), health.begin(1) is None) == (1, False)
    fail(health, 2)
    configured.rule()
    assert (health.share(1), health.share(2)) == (0, 1)


def test_new_rules_hold_at_once(health: Health, configured: Configured) -> None:
    configured.rule(threshold_5xx=2)
    fail(health, times=2)
    assert health.share(1) == 0


def test_the_only_key_refused_sets_the_provider_aside(
    health: Health, configured: Configured, caplog: pytest.LogCaptureFixture
) -> None:
    health.key_refused(configured.current.providers[0], "sk-upstream")
    assert (health.share(1), health.key_for(configured.current.providers[0])) == (0, "sk-upstream")
    assert "refuses our API key" in caplog.text
    configured.correct(api_key="sk-corrected")
    assert health.share(1) == 1


def test_keys_take_turns_and_a_refused_one_is_passed_over(health: Health, configured: Configured) -> None:
    several = configured.current.providers[2]
    assert [health.key_for(several) for _ in range(4)] == [*KEYS, KEYS[0]]
    health.key_refused(several, KEYS[1])
    health.report(3, Outcome.AUTH)
    assert {health.key_for(several) for _ in range(4)} == {KEYS[0], KEYS[2]}
    assert health.share(3) == 1
    health.report(3, Outcome.SUCCESS)
    assert {health.key_for(several) for _ in range(4)} == {KEYS[0], KEYS[2]}


def test_the_last_key_refused_sets_the_provider_aside_until_one_is_accepted(
    health: Health, configured: Configured
) -> None:
    several = configured.current.providers[2]
    for key in KEYS:
        health.key_refused(several, key)
    assert (health.share(3), health.key_for(several) in KEYS) == (0, True)
    health.report(3, Outcome.REACHED)
    assert health.share(3) == 1
    assert {health.key_for(several) for _ in range(3)} == set(KEYS)


def test_a_projects_own_key_says_nothing_of_the_provider(health: Health, configured: Configured) -> None:
    own = replace(configured.current.providers[0], api_key="sk-project", key_owner="shop")
    health.key_refused(own, "sk-project")
    assert health.share(1) == 1


def test_processes_of_one_machine_agree(tmp_path: Path, configured: Configured, clock: Clock) -> None:
    one, other = (Health(configured, Table(tmp_path), clock) for _ in range(2))
    fail(one, times=3)
    fail(other, times=2)
    assert (one.share(1), other.share(1)) == (0, 0)
    clock.now += 30
    assert (one.begin(1) is None, other.begin(1)) == (False, None)


def test_what_is_said_of_an_unknown_provider_is_nothing(health: Health) -> None:
    fail(health, 99)
    assert dict(health.states()) == {}
