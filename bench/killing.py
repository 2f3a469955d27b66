"""Writes exchanges while recorder, dispatchers and Redis are killed at random, for `bench.deliveries`.

Everything is forked from one process that never touches the database, so that a start takes a millisecond.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

import django
from django.conf import settings

django.setup()

from bench import exchanges  # noqa: E402
from logs_app.bus import open_bus  # noqa: E402
from logs_app.dispatching.dispatcher import Dispatcher, Order  # noqa: E402
from logs_app.dispatching.pulse import Pulse  # noqa: E402
from logs_app.events import subscriptions  # noqa: E402
from logs_app.identifiers import uuid7  # noqa: E402
from logs_app.journal.journal import Journal  # noqa: E402
from logs_app.journal.segments import MasterKeys  # noqa: E402
from logs_app.recorder.recorder import Recorder  # noqa: E402
from logs_app.sinks import Target, open_sink  # noqa: E402

NAME = "deliveries"
LEASE_SECONDS = 1.0
DISPATCHERS = 2


def write(count: int, seconds: float, promises: str) -> None:
    """Spread over the time of the kills."""
    journal = Journal(settings.JOURNAL_DIR, settings.NODE_ID, settings.FIELD_ENCRYPTION_KEYS, fsync_ms=1000)
    began = time.monotonic()
    with open(promises, "w") as out:
        for number in range(count):
            id = uuid7()
            exchanges.write_one(journal, number, id)
            out.write(f"{id.hex()}\n")
            ahead = began + seconds * number / count - time.monotonic()
            if ahead > 0.01:
                time.sleep(ahead)
    journal.close()


def record(stop: threading.Event) -> None:
    recorder = Recorder(
        settings.JOURNAL_DIR,
        MasterKeys(settings.FIELD_ENCRYPTION_KEYS),
        max_body_bytes=1 << 20,
        node=settings.NODE_ID,
    )
    recorder.run(stop)


def dispatch(stop: threading.Event, *, until_done: bool = False) -> None:
    subscriptions.begin(NAME, "oldest")
    sink = open_sink("webhook", Target(os.environ["RECEIVER"], os.environ["RECEIVER_KEY"]))
    bus = open_bus(NAME, f"lab-{os.getpid()}-{time.time_ns()}", LEASE_SECONDS)
    order, pulse = Order(NAME, batch_size=25, buffer=100), Pulse(LEASE_SECONDS)
    dispatcher = Dispatcher(order, bus, sink, pulse, stop, first_pause=0.02)
    if until_done and not dispatcher.drain():
        raise SystemExit("not all was delivered")
    if not until_done:
        dispatcher.run()


def record_all() -> None:
    stop = threading.Event()
    stop.set()
    record(stop)


class Redis:
    """One that keeps nothing on disk."""

    def __init__(self, url: str) -> None:
        self.port = urlsplit(url).port or 0
        self.start()

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)
        while not self._answers():
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def fork(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def wait(pid: int, what: str) -> None:
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"{what} ended with {status}")


def main(count: int, kills: int, seconds: float, seed: int, promises: str) -> None:
    chance, never = random.Random(seed), threading.Event()
    settings.JOURNAL_DIR.mkdir(exist_ok=True)
    redis = Redis(settings.REDIS_URL) if settings.LLM_PROXY_EVENT_BUS == "redis" else None
    victims = ["recorder", "dispatcher", "dispatcher"] + ["redis"] * (redis is not None)
    killed = dict.fromkeys(victims, 0)
    try:
        writer = fork(lambda: write(count, seconds, promises))
        recorder = fork(lambda: record(never))
        dispatchers = [fork(lambda: dispatch(never)) for _ in range(DISPATCHERS)]
        for _ in range(kills):
            time.sleep(chance.uniform(0.3, 1.7) * seconds / kills)
            what = chance.choice(victims)
            killed[what] += 1
            if what == "recorder":
                kill(recorder)
                recorder = fork(lambda: record(never))
            elif what == "dispatcher":
                kill(dispatchers.pop(0))
                dispatchers.append(fork(lambda: dispatch(never)))
            elif redis is not None:
                redis.kill()
                redis.start()
        wait(writer, "the writer")
        for pid in (recorder, *dispatchers):
            kill(pid)
        wait(fork(record_all), "the last recorder")
        wait(fork(lambda: dispatch(threading.Event(), until_done=True)), "the last dispatcher")
    finally:
        if redis is not None:
            redis.kill()
    print(json.dumps(killed))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
