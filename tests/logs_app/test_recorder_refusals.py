from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import AuditEvent
from logs_app.recorder.refusals import Refusals

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def refused(**values: Any) -> dict[str, Any]:
    return {
        "outcome": "rejected",
        "error_code": "model_not_allowed",
        "key_kind": "credential",
        "key_id": "7",
        "key_name": "app",
        "client_ip": "192.0.2.1",
        "request_id": "r",
        "repeats": 1,
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": "gpt-4o",
    } | values


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Refusals:
    return Refusals(clock)


def test_the_first_refusal_is_written_at_once(refusals: Refusals) -> None:
    refusals.note([refused()])
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.target_id) == ("call.refused", "denied", "7")
    assert json.loads(event.detail)["code"] == "model_not_allowed"


def test_repeats_of_a_minute_become_one_event(refusals: Refusals, clock: Clock) -> None:
    refusals.note([refused()] * 40)
    refusals.note([refused(repeats=5)])
    assert AuditEvent.objects.count() == 1
    clock.now += 61
    refusals.flush()
    assert sorted(AuditEvent.objects.values_list("repeats", flat=True)) == [1, 44]


def test_keys_and_reasons_are_told_apart(refusals: Refusals) -> None:
    refusals.note([refused(), refused(key_id="8"), refused(error_code="param_not_allowed")])
    assert AuditEvent.objects.count() == 3


def test_limits_and_bad_input_are_no_matter_of_policy(refusals: Refusals) -> None:
    refusals.note([refused(error_code="rate_limit_exceeded"), refused(outcome="completed")])
    assert not AuditEvent.objects.exists()


def test_a_quiet_minute_writes_nothing_more(refusals: Refusals, clock: Clock) -> None:
    refusals.note([refused()])
    clock.now += 61
    refusals.flush()
    assert AuditEvent.objects.count() == 1


def test_the_end_of_the_recorder_writes_what_is_left(refusals: Refusals) -> None:
    refusals.note([refused(), refused()])
    refusals.flush(all_of_them=True)
    assert AuditEvent.objects.count() == 2
