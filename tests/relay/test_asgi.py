"""The plain command, `daphne relay.asgi:application`: one process serves all, with our server class."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.simulator import Simulator
from tests.relay.serving import ROOT, Answer, Client, listen_on_tcp, post
from tests.relay.test_http_server import read_frame, upgrade
from tests.relay.test_worker import call, chat
from tests.running import Relay

ROUTE = """
import django
django.setup()
from proxy.models import Route
Route.objects.create(name="assistants", path_prefix="/assistants")
"""


@pytest.fixture(scope="module")
def started(simulator: Simulator) -> Iterator[tuple[str, int]]:
    relay = Relay(TARGET_BASE_URL=simulator.base_url)
    relay.prepare()
    environ = relay.environ | {"DJANGO_SETTINGS_MODULE": "relay.settings"}
    subprocess.run([sys.executable, "-c", ROUTE], cwd=ROOT, env=environ, check=True)
    with listen_on_tcp() as listener:
        command = [sys.executable, "-m", "daphne", "--fd", str(listener.fileno()), "relay.asgi:application"]
        log = Path(relay.data_dir / "daphne.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=relay.environ,
                pass_fds=(listener.fileno(),),
                stdout=output,
                stderr=output,
            )
        yield listener.getsockname()
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()
            print(log.read_text())
            relay.remove()


@pytest.fixture(scope="module")
def first(started: tuple[str, int]) -> Answer:
    """Of the first call of all, when the process has not read its configuration yet."""
    with Client(started) as client:
        call(client, chat(), b"/assistants/chat/completions")
        return client.answer()


@pytest.fixture
def daphne(started: tuple[str, int], first: Answer) -> tuple[str, int]:
    return started


def test_a_route_is_served_from_the_first_call_on(first: Answer) -> None:
    assert json.loads(first.body)["object"] == "chat.completion"


def test_the_lane_is_served(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        call(client, chat())
        assert json.loads(client.answer().body)["object"] == "chat.completion"
        call(client, chat(stream=True))
        assert client.answer().body.endswith(b"data: [DONE]\n\n")


def test_the_admin_is_served(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        answer = client.get("/admin/login/")
        assert answer.status == 200
        assert b"csrfmiddlewaretoken" in answer.body


def test_malformed_requests_get_our_error(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        client.send(b"nonsense\r\n\r\n")
        assert client.answer().error["code"] == "malformed_request"


def test_a_body_is_refused_before_it_is_taken(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        client.send(post("/v1/chat/completions", 50_000_000, b"content-type: application/json"))
        assert client.answer().status == 401


def test_websockets_of_the_lane_are_closed_with_a_reason(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        upgrade(client, "/v1/realtime")
        kind, frame = read_frame(client)
        assert (kind, int.from_bytes(frame[:2])) == (0x88, 4501)


def test_other_websockets_are_turned_away(daphne: tuple[str, int]) -> None:
    with Client(daphne) as client:
        client.send(
            b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
        )
        assert client.head()[0] == 403
