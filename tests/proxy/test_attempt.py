from __future__ import annotations

import pytest

from proxy import attempt
from proxy.health import Outcome
from proxy.simulator import Simulator
from tests.proxy.lanes import Lane


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (408, Outcome.TIMEOUT),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.SERVER_ERROR),
        (529, Outcome.SERVER_ERROR),
        (400, Outcome.CALLER_FAULT),
        (404, Outcome.CALLER_FAULT),
    ],
)
def test_what_a_status_says_of_the_provider(status: int, outcome: Outcome) -> None:
    assert attempt._outcome(status) is outcome


async def test_an_attempt_has_every_field_of_the_record(lane: Lane) -> None:
    await lane.chat()
    closed = lane.record.closed
    assert closed is not None
    (entry,) = closed["attempts"]
    assert entry.pop("started_us") >= 0
    assert 0 < entry.pop("latency_us") <= closed["latency_us"]
    expected = {"provider": "default", "status": 200, "error": None, "message": None, "model": "gpt-4o"}
    assert entry == expected | {"key": "ream"}


async def test_a_failed_attempt_says_why(lane: Lane, sim: Simulator) -> None:
    sim.script = "reset=before"
    await lane.chat()
    closed = lane.record.closed
    assert closed is not None
    (entry,) = closed["attempts"]
    assert (entry["status"], entry["error"]) == (None, "upstream_disconnected")
    assert entry["message"]
