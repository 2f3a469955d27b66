"""Providers that fail, as two workers and the management API see them together."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests.running import Relay
from tests.waiting import until

WITHIN_SECONDS = 1.0
WELL = ("recovering", "healthy")
CALLS = 8  # enough to meet both workers
# It is tried again soon, and by the next call.
EAGER = {
    "adaptive_base_open_duration_secs": 0.5,
    "adaptive_half_open_weight_factor": 1,
    "adaptive_min_multiplier": 1,
}


class Team:
    """A relay with two workers, one provider that is well, and one that can be made to fail."""

    def __init__(self, relay: Relay, well: Simulator, weak: Simulator) -> None:
        self.relay, self.well, self.weak = relay, well, weak
        headers = {"authorization": f"Bearer {relay.management_token}"}
        self.http = httpx.Client(base_url=relay.url, headers=headers, timeout=20)
        self.id = self.manage(
            "POST", "providers", provider_key="weak", api_base=weak.base_url, api_key="sk-weak-1234"
        )["id"]

    def manage(self, method: str, path: str, **body: Any) -> Any:
        response = self.http.request(method, f"/manage/{path}", json=body or None)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def chat(self, **body: Any) -> httpx.Response:
        """On a connection of its own, so that any worker may take it."""
        key = {"authorization": f"Bearer {self.relay.key}"}
        messages = [{"role": "user", "content": "hi"}]
        url = f"{self.relay.base_url}/chat/completions"
        return httpx.post(url, json={"messages": messages, **body}, headers=key, timeout=20)

    def state(self) -> str:
        return str(self.manage("GET", f"providers/{self.id}/state")["status"])

    def fail(self) -> None:
        """Until it is left out; the callers never notice, for the other one takes over."""
        self.weak.script = "status=503"
        until(lambda: self.chat(model="gpt-4o").status_code == 200 and self.state() == "open")


def chats(simulator: Simulator) -> int:
    return sum(received.method == "POST" for received in simulator.requests)


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    with Simulator() as well, Simulator() as weak:
        relay = Relay(TARGET_BASE_URL=well.base_url, WORKERS="2")
        try:
            made = Team(relay.start(), well, weak)
            yield made
            made.http.close()
        finally:
            relay.remove()


@pytest.fixture(autouse=True)
def mended(team: Team) -> None:
    team.weak.script = ""
    team.manage("PATCH", "settings", health_interval_seconds=0, **dict.fromkeys(EAGER))
    team.manage("POST", f"providers/{team.id}/reset")
    time.sleep(WITHIN_SECONDS)


def test_a_setting_holds_within_a_second_in_every_process(team: Team) -> None:
    for model in ("gpt-4o", "gpt-4.1"):
        team.manage("PATCH", "settings", default_model=model)
        time.sleep(WITHIN_SECONDS)
        assert {team.chat().json()["model"] for _ in range(CALLS)} == {model}
    team.manage("PATCH", "settings", default_model=None)


def test_what_one_worker_learns_all_know(team: Team) -> None:
    team.fail()
    before = chats(team.weak)
    assert {team.chat(model="gpt-4o").status_code for _ in range(CALLS)} == {200}
    assert chats(team.weak) == before


def test_a_reset_brings_it_back_at_once(team: Team) -> None:
    team.fail()
    team.weak.script = ""
    before = chats(team.weak)
    team.manage("POST", f"providers/{team.id}/reset")
    for _ in range(CALLS):
        team.chat(model="gpt-4o")
    assert chats(team.weak) > before


def test_it_comes_back_by_itself(team: Team) -> None:
    team.manage("PATCH", "settings", **EAGER)
    time.sleep(WITHIN_SECONDS)
    team.fail()
    team.weak.script = ""
    until(lambda: team.chat(model="gpt-4o").status_code == 200 and team.state() in WELL)


def test_a_killed_worker_leaves_no_permit_and_no_state_behind(team: Team) -> None:
    team.manage("PATCH", "settings", **EAGER)
    time.sleep(WITHIN_SECONDS)
    team.fail()
    for pid in team.relay.pids("worker"):
        os.kill(pid, signal.SIGKILL)
    team.weak.script = ""

    def answers() -> bool:
        try:
            return team.chat(model="gpt-4o").status_code == 200 and team.state() in WELL
        except httpx.HTTPError:  # no worker is there yet
            return False

    until(answers)


def test_one_process_asks_how_providers_are(team: Team) -> None:
    team.weak.requests.clear()
    team.manage("PATCH", "settings", health_interval_seconds=1)
    until(lambda: len(team.weak.requests) >= 2)
    assert {(each.method, each.target) for each in team.weak.requests} == {("GET", "/v1/models")}


def test_everything_is_looked_at_together(team: Team) -> None:
    shown = team.http.get("/health/detailed").json()
    assert {each["name"]: each["ok"] for each in shown["providers"]} == {"default": True, "weak": True}
    open_to_all = httpx.get(f"{team.relay.url}/health/detailed")
    assert json.loads(open_to_all.content) == {"status": shown["status"]}
