from __future__ import annotations

import pytest

from proxy.health import Outcome
from proxy.sending import attempt
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


@pytest.mark.parametrize(("key", "shown"), [("sk-a-long-enough-one", "-one"), ("sk-short", "")])
async def test_of_a_key_the_record_has_its_end_unless_that_is_half_of_it(
    lane: Lane, key: str, shown: str
) -> None:
    lane.configuration.set_provider(api_key=key)
    await lane.chat()
    closed = lane.record.closed
    assert closed is not None and closed["attempts"][0]["key"] == shown


async def test_an_attempt_has_every_field_of_the_record(lane: Lane) -> None:
    await lane.chat()
    closed = lane.record.closed
    assert closed is not None
    (entry,) = closed["attempts"]
    assert entry.pop("started_us") >= 0
    assert 0 < entry.pop("latency_us") <= closed["latency_us"]
    expected = {"provider": "default", "status": 200, "error": None, "message": None, "model": "gpt-4o"}
    assert entry == expected | {"key": ""}


async def test_a_failed_attempt_says_why(lane: Lane, sim: Simulator) -> None:
    sim.script = "reset=before"
    await lane.chat()
    closed = lane.record.closed
    assert closed is not None
    (entry,) = closed["attempts"]
    assert (entry["status"], entry["error"]) == (None, "upstream_disconnected")
    assert entry["message"]
