"""Events of a running relay: from a call to whoever is told of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests.running import Relay
from tests.waiting import until

SECONDS = 40.0


class Receiver(ThreadingHTTPServer):
    """Of webhooks. While `hangs` is set it answers nobody."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.events: list[dict[str, Any]] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.asked = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.set()
        self.server.goes_on.wait(SECONDS)
        self.server.events += body["data"]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.goes_on.set()
        server.shutdown()


@pytest.fixture(scope="module")
def relay(simulator: Simulator, tmp_path_factory: Any) -> Iterator[Relay]:
    log = tmp_path_factory.mktemp("events") / "events.jsonl"
    relay = Relay("--file-event-log", str(log), TARGET_BASE_URL=simulator.base_url)
    try:
        relay.event_log = log  # type: ignore[attr-defined]
        yield relay.start()
    finally:
        relay.remove()


def call(relay: Relay) -> str:
    """The id of the record."""
    answer = httpx.post(
        f"{relay.base_url}/chat/completions",
        headers={"authorization": f"Bearer {relay.key}"},
        json={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello?"}]},
        timeout=30,
    )
    assert answer.status_code == 200
    return answer.headers["x-relay-request-id"]


def manage(relay: Relay, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {relay.management_token}"}
    answer = httpx.request(method, f"{relay.url}/manage/{path}", headers=headers, json=body, timeout=30)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def hook(receiver: Receiver, name: str) -> dict[str, str]:
    return {"name": name, "service": "webhook", "endpoint": receiver.url}


def in_file(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()] if path.exists() else []


def test_every_call_is_an_event_in_the_file_of_the_flag(relay: Relay) -> None:
    ids = [call(relay) for _ in range(3)]
    until(lambda: set(ids) <= set(in_file(relay.event_log)))  # type: ignore[attr-defined]


def test_a_dispatcher_is_followed_as_it_is_made_disabled_and_removed(
    relay: Relay, receiver: Receiver
) -> None:
    call(relay)
    made = manage(
        relay, "POST", "dispatchers", {"name": "hook", "service": "webhook", "endpoint": receiver.url}
    )
    path = f"dispatchers/{made['id']}"
    told = call(relay)
    until(lambda: told in [event["id"] for event in receiver.events])
    until(lambda: manage(relay, "GET", path)["state"]["lag"] == 0)
    state = manage(relay, "GET", path)["state"]
    assert state["is_running"] and state["delivered"] >= 1
    manage(relay, "DELETE", path)


def test_a_sink_that_hangs_holds_up_nobody_else(relay: Relay, receiver: Receiver) -> None:
    receiver.goes_on.clear()
    receiver.asked.clear()
    made = manage(
        relay, "POST", "dispatchers", {"name": "hangs", "service": "webhook", "endpoint": receiver.url}
    )
    first = call(relay)
    assert receiver.asked.wait(SECONDS)
    ids = [call(relay) for _ in range(20)]
    until(lambda: set(ids) <= set(in_file(relay.event_log)))  # type: ignore[attr-defined]
    state = manage(relay, "GET", f"dispatchers/{made['id']}")["state"]
    assert state["lag"] >= 20 and state["delivered"] == 0
    receiver.goes_on.set()
    until(lambda: {first, *ids} <= {event["id"] for event in receiver.events})
    manage(relay, "DELETE", f"dispatchers/{made['id']}")


def test_a_stop_delivers_what_was_said_last_and_ends_with_0(relay: Relay) -> None:
    last = call(relay)
    assert relay.stop() == 0
    assert last in in_file(relay.event_log)  # type: ignore[attr-defined]
