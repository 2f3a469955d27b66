"""A running relay tells of calls that fail."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.receiver import Receiver
from tests.running import MANAGEMENT_TOKEN, PROXY_KEY, Relay
from tests.waiting import until

MANAGER = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
MODEL = "alerting"


@pytest.fixture
def manage(relay_server: Relay) -> Iterator[httpx.Client]:
    """What it creates is deleted again."""
    with httpx.Client(base_url=f"{relay_server.url}/manage", headers=MANAGER, timeout=30) as client:
        yield client
        for row in client.get("/alerts").json()["results"]:
            client.delete(f"/alerts/{row['id']}").raise_for_status()


def fail(relay: Relay) -> None:
    question = {"model": MODEL, "messages": [{"role": "user", "content": "[[sim status=400]]"}]}
    answer = httpx.post(
        f"{relay.base_url}/chat/completions",
        json=question,
        headers={"authorization": f"Bearer {PROXY_KEY}"},
    )
    assert answer.status_code == 400


def test_failing_calls_are_told_of(relay_server: Relay, manage: httpx.Client) -> None:
    with Receiver() as receiver:
        rule = {"name": "e", "kind": "error_rate", "threshold": 50, "least_requests": 3, "model": MODEL}
        for _ in range(3):
            fail(relay_server)
        until(lambda: len(manage.get("/logs", params={"model": MODEL}).json()["results"]) == 3, 60)
        made = manage.post("/alerts", json=rule | {"webhook_url": receiver.url})
        assert made.status_code == 201, made.text
        until(lambda: receiver.requests, 60)
        told = receiver.requests[0].json
        assert (told["type"], told["data"]["value"]) == ("alert.opened", 100.0)
        assert told["data"]["words"].startswith("100.0 %: 3 of 3 calls of model 'alerting' failed")
        until(lambda: manage.get("/alerts?is_open=true").json()["results"][0]["states"][0]["told_at"], 60)
