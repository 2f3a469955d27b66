"""What a worker holds in memory while bodies pass through it."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from proxy.simulator import Simulator
from tests.proxy import wires
from tests.proxy.wires import received, resident_bytes
from tests.running import Relay
from tests.waiting import until

JSON = "content-type: application/json"
CHAT = "/v1/chat/completions"
MEGABYTE = 1 << 20
FIFTY = 50 * MEGABYTE


class Watch:
    """The most a process has held above what it held in the beginning."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._start = self._most = resident_bytes(pid)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(0.005):
            self._most = max(self._most, resident_bytes(self._pid))

    def stop(self) -> int:
        self._stopped.set()
        self._thread.join()
        return self._most - self._start


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    """Warm: what a first call loads is not what bodies cost."""
    made = Relay(TARGET_BASE_URL=simulator.base_url)
    try:
        made.start()
        with wires.connected(made) as wire:
            for _ in range(20):
                wire.ask("POST", CHAT, wires.chat("warm", stream=True), JSON)
                wire.ask("POST", "/v1/echo", b"x" * 300_000)
        yield made
    finally:
        made.remove()


def test_a_large_upload_passes_without_being_held(relay: Relay, simulator: Simulator) -> None:
    mark = uuid.uuid4().hex
    piece = bytes(range(256)) * 4096
    watch = Watch(relay.pids("worker")[0])
    with wires.connected(relay) as wire:
        wire.say(wire.request("POST", f"/v1/echo?{mark}", None, f"content-length: {FIFTY}"))
        wire.say(*[piece] * 50)
        assert wire.hear().status == 200
    held = watch.stop()
    request = received(simulator, mark)
    assert request.body_size == FIFTY
    assert request.body_sha256 == hashlib.sha256(piece * 50).hexdigest()
    assert held < 12 * MEGABYTE


def test_a_large_answer_passes_without_being_held(relay: Relay) -> None:
    watch = Watch(relay.pids("worker")[0])
    with wires.connected(relay) as wire:
        heard = wire.ask("POST", CHAT, wires.chat(f"[[sim size={FIFTY}]]"), JSON)
    held = watch.stop()
    assert (len(heard.body), heard.is_whole) == (FIFTY, True)
    assert held < 12 * MEGABYTE


def test_a_client_that_does_not_read_slows_the_provider_down(relay: Relay, simulator: Simulator) -> None:
    mark = uuid.uuid4().hex
    watch = Watch(relay.pids("worker")[0])
    with wires.connected(relay) as wire:
        wire.say(wire.request("POST", CHAT, wires.chat(f"[[sim size={4 * FIFTY}]] {mark}"), JSON))
        request = received(simulator, mark)
        time.sleep(2)
        assert watch.stop() < 12 * MEGABYTE
        assert request.finished_at is None
    until(lambda: request.aborted, 2)


def test_a_client_that_does_not_read_its_stream_slows_the_provider_down(
    relay: Relay, simulator: Simulator
) -> None:
    mark = uuid.uuid4().hex
    watch = Watch(relay.pids("worker")[0])
    with wires.connected(relay) as wire:
        body = wires.chat(f"[[sim chunks=80000]] {mark}", stream=True)
        wire.say(wire.request("POST", CHAT, body, JSON))
        request = received(simulator, mark)
        time.sleep(2)
        assert watch.stop() < 12 * MEGABYTE
        assert request.finished_at is None
        assert len(wire.file.read(10 * MEGABYTE)) == 10 * MEGABYTE
    until(lambda: request.aborted, 2)


def test_many_streams_leave_nothing_behind(relay: Relay) -> None:
    pid = relay.pids("worker")[0]

    def some_calls() -> None:
        with wires.connected(relay) as wire:
            for number in range(200):
                wire.ask("POST", CHAT, wires.chat("x" * 2000, stream=number % 2 == 0), JSON)

    some_calls()
    before = resident_bytes(pid)
    for _ in range(3):
        some_calls()
    assert resident_bytes(pid) - before < 6 * MEGABYTE
