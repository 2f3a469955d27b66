"""`python -m relay.worker` as a process of its own: what it serves, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from proxy.simulator import Simulator
from tests import managing
from tests.managing import Running, waiting
from tests.relay.serving import Client, Served, listen_on_tcp, listen_on_unix, post
from tests.running import PROXY_KEY, Relay
from tests.waiting import until

AUTHORIZATION = b"authorization: Bearer " + PROXY_KEY.encode()
GRACE_SECONDS = 2.0


@pytest.fixture(scope="module")
def prepared(simulator: Simulator) -> Iterator[Relay]:
    """A data folder and its database, with one key and one provider. Nothing runs on it."""
    relay = Relay(TARGET_BASE_URL=simulator.base_url, GRACE_SECONDS=str(GRACE_SECONDS))
    relay.prepare()
    yield relay
    relay.remove()


Start = Callable[..., Served]


@pytest.fixture
def start(prepared: Relay) -> Iterator[Start]:
    """Starts a worker, on a socket of its own unless one is given."""
    workers: list[Served] = []

    def start(listener: socket.socket | None = None, **environ: str) -> Served:
        worker = Served(
            listener or listen_on_tcp(),
            module="relay.worker",
            environ=prepared.environ | environ,
            ready="is ready",
        )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.stop()


def chat(script: str = "", stream: bool = False) -> bytes:
    prompt = f"Hello [[sim {script}]]" if script else "Hello"
    body = {"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": prompt}]}
    return json.dumps(body).encode()


def call(client: Client, body: bytes, path: bytes = b"/v1/chat/completions") -> None:
    client.send(
        b"POST %b HTTP/1.1\r\nhost: relay\r\ncontent-type: application/json\r\n%b\r\n"
        b"content-length: %d\r\n\r\n%b" % (path, AUTHORIZATION, len(body), body)
    )


def ask(worker: Served, body: bytes) -> Any:
    with worker.connect() as client:
        call(client, body)
        return client.answer()


# What it serves


def test_a_worker_serves_the_lane(start: Start) -> None:
    answer = ask(start(), chat())
    assert answer.status == 200
    assert json.loads(answer.body)["object"] == "chat.completion"


def test_a_worker_answers_probes_without_the_console(start: Start) -> None:
    with start().connect() as client:
        for path, method in product(
            (b"/live", b"/ready/calls", b"/ready/calls/"), (b"GET", b"HEAD", b"POST")
        ):
            client.send(b"%b %b HTTP/1.1\r\nhost: relay\r\n\r\n" % (method, path))
            answer = client.answer(has_body=method != b"HEAD")
            assert answer.status == (405 if method == b"POST" else 200)
            assert bool(answer.body) == (method == b"GET")


def test_a_successor_without_configuration_ends_and_leaves_the_calls_to_the_old_worker(
    prepared: Relay,
) -> None:
    with listen_on_tcp() as listener:
        number = listener.fileno()
        away = {"DATABASE_URL": "sqlite:////nowhere/relay.db", "RELAY_IS_SUCCESSOR": "1"}
        environ = prepared.environ | away
        done = managing.run(["--fd", str(number)], environ, module="relay.worker", pass_fds=[number])
    assert done.returncode == 1
    assert "The configuration cannot be read" in done.stdout and "is ready" not in done.stdout


def test_a_realtime_websocket_is_closed_with_a_reason(start: Start) -> None:
    with start().connect() as client:
        client.send(upgrade("/v1/realtime?model=gpt-realtime"))
        assert client.head()[0] == 101
        kind, size = client.read(2)
        frame = client.read(size)
        assert (kind, int.from_bytes(frame[:2])) == (0x88, 4501)
        assert "use HTTP" in frame[2:].decode()


def test_a_websocket_for_a_console_that_is_away_is_told_so_at_once(start: Start) -> None:
    worker = start()
    began = time.monotonic()
    with worker.connect() as client:
        client.send(upgrade("/live"))
        answer = client.answer()
        assert (answer.status, answer.header("connection")) == (502, "close")
        assert b"The console is not answering" in answer.body
    assert time.monotonic() - began < 10


def upgrade(target: str) -> bytes:
    return (
        b"GET %b HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n" % target.encode()
    )


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A provider that takes a connection and reads nothing."""
    with listen_on_tcp() as listener:
        listener.setblocking(True)
        yield listener


def test_a_client_that_leaves_ends_an_upload_that_its_provider_does_not_take(deaf: socket.socket) -> None:
    relay = Relay(TARGET_BASE_URL=f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
    relay.prepare()
    worker = Served(listen_on_tcp(), module="relay.worker", environ=relay.environ, ready="is ready")
    with worker.connect() as client:
        kind = b"content-type: multipart/form-data; boundary=x"
        client.send(post("/v1/files", 50_000_000, kind, AUTHORIZATION))
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.send(bytes(50_000_000))
        provider, _ = deaf.accept()
        before = sockets(worker)
        client.reset()
        until(lambda: sockets(worker) <= before - 2, 1.5)
    provider.close()
    worker.stop()
    relay.remove()


def sockets(worker: Served) -> int:
    targets = [os.readlink(entry) for entry in Path(f"/proc/{worker.process.pid}/fd").iterdir()]
    return sum(target.startswith("socket:") for target in targets)


# How it ends


def test_an_idle_worker_ends_at_once(start: Start) -> None:
    worker = start()
    assert end(worker) == 0


def test_idle_connections_do_not_delay_the_end(start: Start) -> None:
    worker = start(GRACE_SECONDS="25")
    with worker.connect() as used, worker.connect() as silent:
        call(used, chat())
        used.answer()
        began = time.monotonic()
        assert end(worker) == 0
        assert time.monotonic() - began < 20
        assert used.rest() == silent.rest() == b""


def test_a_stream_under_way_finishes_whole(start: Start) -> None:
    worker = start()
    with worker.connect() as client:
        call(client, chat("chunks=30 delay=50", stream=True))
        client.head()
        worker.process.send_signal(signal.SIGTERM)
        assert client.rest().count(b"data: ") >= 31
    assert worker.process.wait(30) == 0


def test_the_end_of_a_finished_stream_is_its_last_event(start: Start) -> None:
    worker = start()
    with worker.connect() as client:
        call(client, chat("chunks=20 delay=50", stream=True))
        worker.process.send_signal(signal.SIGTERM)
        assert client.answer().body.endswith(b"data: [DONE]\n\n")


def test_a_stream_beyond_the_grace_time_ends_with_an_error_in_its_own_form(start: Start) -> None:
    worker = start()
    with worker.connect() as client:
        call(client, chat("chunks=200 delay=50", stream=True))
        status, headers = client.head()
        began = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        body = client.rest()
        assert GRACE_SECONDS - 0.5 < time.monotonic() - began < GRACE_SECONDS + 2
    assert b"[DONE]" not in body
    assert b'"code":"relay_stopping"' in body
    assert body.endswith(b"\r\n0\r\n\r\n")  # the message is whole: the error is its last word
    assert worker.process.wait(30) == 0


def test_an_answer_beyond_the_grace_time_is_an_error(start: Start) -> None:
    worker = start()
    with worker.connect() as client:
        call(client, chat("ttft=10000"))
        time.sleep(0.3)
        worker.process.send_signal(signal.SIGTERM)
        answer = client.answer()
        assert (answer.status, answer.error["code"]) == (503, "relay_stopping")
    assert worker.process.wait(30) == 0


def test_a_kept_connection_is_told_to_go(start: Start) -> None:
    worker = start()
    with worker.connect() as busy, worker.connect() as kept:
        call(busy, chat("chunks=20 delay=50", stream=True))
        busy.head()
        call(kept, chat())
        assert kept.answer().header("connection") is None
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        call(kept, chat())
        assert kept.answer().header("connection") == "close"
        assert kept.is_closed_within(1)


def test_a_slow_reader_gets_the_rest_of_its_answer(start: Start) -> None:
    worker = start(GRACE_SECONDS="60")  # a busy machine reads it slowly enough
    with worker.connect(receive_buffer_bytes=4096) as client:
        call(client, chat("size=20000000"))
        status, headers = client.head()
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert len(client.rest()) == 20_000_000
    assert worker.process.wait(30) == 0


def test_an_ending_worker_lets_go_of_the_port(start: Start) -> None:
    """Otherwise a relay that is started again finds its port held by calls of the last one."""
    listener = listen_on_tcp()
    address = listener.getsockname()
    worker = start(listener)
    with worker.connect() as client:
        call(client, chat("chunks=20 delay=50", stream=True))
        client.head()
        worker.process.send_signal(signal.SIGTERM)
        listener.close()
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        assert worker.process.poll() is None


def test_no_call_fails_while_one_worker_takes_over_from_another(start: Start) -> None:
    listener = listen_on_tcp()
    workers = [start(listener)]
    load = Load(listener.getsockname()[1])
    for _ in range(3):
        workers.append(start(listener))
        load.goes_on()
        assert end(workers[-2]) == 0
        load.goes_on()
    load.stop()
    assert load.failures == []


class Load:
    """Clients that keep their connections, some in a hurry, some with pauses."""

    def __init__(self, port: int) -> None:
        self.count, self.failures = 0, list[BaseException | int]()
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(port, pause)) for pause in (0, 0, 0, 0.05, 0.2, 0.4)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, port: int, pause_seconds: float) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"authorization": f"Bearer {PROXY_KEY}", "content-type": "application/json"}
        while not self._is_over.wait(pause_seconds):
            try:
                connection.request("POST", "/v1/chat/completions", chat(), headers)
                answer = connection.getresponse()
                answer.read()
            except Exception as error:
                self.failures.append(error)
                connection.close()
            else:
                self.count += 1
                if answer.status != 200:
                    self.failures.append(answer.status)
        connection.close()

    def goes_on(self, calls: int = 40) -> None:
        """Until so many more are answered, however long this machine takes for them, or one is not."""
        goal, ends_at = self.count + calls, time.monotonic() + 60
        while self.count < goal and not self.failures:
            assert time.monotonic() < ends_at, "the calls do not go on"
            time.sleep(0.02)

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()


def end(worker: Served) -> int:
    worker.process.send_signal(signal.SIGTERM)
    return worker.process.wait(30)


# The console


@pytest.fixture
def start_console(prepared: Relay) -> Iterator[Callable[[Path], Running]]:
    consoles: list[Running] = []

    def start(path: Path) -> Running:
        log = path.with_name(f"log-{len(consoles)}")
        log.touch()
        arguments = ["--console", str(path)]
        consoles.append(waiting.start(arguments, prepared.environ, module="relay.worker", stdout=log))
        until(lambda: b"is ready" in log.read_bytes(), 60)
        return consoles[-1]

    yield start
    for console in consoles:
        console.kill()
        console.wait()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short: the path of a Unix socket has 107 characters at most."""
    path = Path("/tmp") / f"relay-console-{time.monotonic_ns()}"
    path.mkdir()
    yield path
    shutil.rmtree(path)


def test_a_console_serves_django_on_its_socket_for_its_owner_alone(
    start_console: Callable[[Path], Running], folder: Path
) -> None:
    console = start_console(folder / "socket")
    assert (folder / "socket").stat().st_mode & 0o777 == 0o600
    with Client(str(folder / "socket")) as client:
        assert client.get("/healthz").status == 200
        console.send_signal(signal.SIGTERM)
        assert console.wait(10) == 0


def test_a_console_keeps_no_database_connection_for_threads_that_are_gone(
    start_console: Callable[[Path], Running], folder: Path
) -> None:
    console = start_console(folder / "socket")
    files = Path(f"/proc/{console.pid}/fd")

    def ask(times: int) -> int:
        for _ in range(times):
            with Client(str(folder / "socket")) as client:
                assert client.get("/health").status == 200
        return len(list(files.iterdir()))

    first = ask(5)
    # One that is just being asked has three files on SQLite; kept ones of PostgreSQL are seven more by then.
    assert ask(60) <= first + 4


def test_an_ending_console_leaves_the_socket_of_its_successor_alone(
    start_console: Callable[[Path], Running], folder: Path
) -> None:
    first = start_console(folder / "socket")
    start_console(folder / "socket")
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    with Client(str(folder / "socket")) as client:
        assert client.get("/healthz").status == 200


def test_a_console_takes_the_place_of_one_that_was_killed(
    start_console: Callable[[Path], Running], folder: Path
) -> None:
    listen_on_unix(folder / "socket").close()
    start_console(folder / "socket")
    with Client(str(folder / "socket")) as client:
        assert client.get("/healthz").status == 200
