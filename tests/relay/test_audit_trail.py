"""The audit trail of a running relay: what its processes write makes whole chains together."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay

CALLS = 6
SOON_SECONDS = 15


def refuse(relay: Relay, key: str) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers).status_code == 403


def events(relay: Relay) -> list[dict[str, Any]]:
    lines = (relay.data_dir / "audit.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


def wait_for(relay: Relay, action: str) -> dict[str, Any]:
    ends_at = time.monotonic() + SOON_SECONDS
    bearer = {"Authorization": f"Bearer {relay.management_token}"}
    while time.monotonic() < ends_at:
        found = httpx.get(f"{relay.url}/manage/audit?action={action}", headers=bearer).json()["results"]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No event {action} after {SOON_SECONDS} s.")


def test_refused_calls_are_folded_and_everything_verifies(
    start_relay: Callable[..., Relay], simulator: Simulator
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    bearer = {"Authorization": f"Bearer {relay.management_token}"}
    wish = {"name": "narrow", "allowed_models": ["gpt-4o-mini"]}
    key = httpx.post(f"{relay.url}/manage/credentials", json=wish, headers=bearer).json()["key"]
    refuse(relay, key)
    first = wait_for(relay, "call.refused")
    assert (first["actor_kind"], first["actor_name"], first["outcome"]) == ("key", "narrow", "denied")
    assert first["detail"]["code"] == "model_not_allowed"
    for _ in range(CALLS - 1):
        refuse(relay, key)
    assert relay.stop() == 0
    refused = [event for event in events(relay) if event["action"] == "call.refused"]
    assert [event["repeats"] for event in refused] == [1, CALLS - 1]
    assert {"relay.first_run", "credential.create"} <= {event["action"] for event in events(relay)}
    done = managing.run(["verify_audit"], relay.environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(": whole") == 2
