from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from proxy.api.health import CheckSerializer, ReportSerializer, StandingSerializer
from proxy.configuration.configuration import Breaker
from proxy.health import Outcome, breaker, standing
from proxy.health.breaker import HEALTHY
from proxy.health.check import Report
from tests.proxy.lanes import provider


def question(**given: Any) -> dict[str, Any]:
    return CheckSerializer.of(SimpleNamespace(data=given))


def test_a_question_says_what_it_must_and_no_more() -> None:
    assert question() == {}
    assert question(model="gpt-4o", timeout_seconds=5) == {"model": "gpt-4o", "timeout_seconds": 5}


@pytest.mark.parametrize("given", [{"timeout_seconds": 0}, {"timeout_seconds": 121}, {"model": ["a"]}])
def test_a_question_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        question(**given)


def test_a_report_shows_what_was_found_and_no_key() -> None:
    report = Report(provider("https://a.example"), "dns", "It is not there.", Outcome.TRANSPORT)
    shown = dict(ReportSerializer(report).data)
    assert shown.pop("checked_at")
    assert shown == {
        "ok": False, "fault": "dns", "message": "It is not there.", "status": None, "latency_ms": 0,
        "models": [],
    }  # fmt: skip


def test_a_standing_shows_when_it_ends() -> None:
    resting = breaker.after(HEALTHY, Outcome.RATE_LIMITED, 1_000_000, Breaker())
    shown = StandingSerializer(standing.judge(resting, 1_000_000, Breaker())).data
    assert (shown["status"], shown["until"]) == ("resting", "1970-01-12T13:46:55Z")
