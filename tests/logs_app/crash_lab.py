"""Writers and rival recorders that are killed at random: a program of its own, run by test_crashes.

Everything is forked from one process that never touches the database, so that a start takes a millisecond.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relay.settings")
django.setup()

from logs_app.identifiers import uuid7  # noqa: E402
from logs_app.journal.journal import Journal  # noqa: E402
from logs_app.journal.segments import MasterKeys  # noqa: E402
from logs_app.recorder.recorder import Recorder  # noqa: E402

HEADERS = [["content-type", "application/octet-stream"]]


def answer_of(id: bytes, size: int) -> bytes:
    return (hashlib.sha256(id).hexdigest().encode() * (size // 64 + 1))[:size]


class Call:
    def __init__(self, journal: Journal, chance: random.Random) -> None:
        self.journal, self.id = journal, uuid7()
        self.answer = answer_of(self.id, 400_000 if chance.random() < 0.02 else chance.randrange(1, 3000))
        self.sent = 0
        journal.opened(
            self.id, {"created_us": time.time_ns() // 1000, "method": "POST", "path": "/v1/files"}, self.id
        )
        journal.answered(self.id, 1, {"status": 200, "headers": HEADERS, "provider": "p"})

    def go_on(self, chance: random.Random) -> bool:
        """False when it is over."""
        if self.sent < len(self.answer):
            size = chance.randrange(1, max(len(self.answer) // 3, 2))
            self.journal.part(self.id, 2 + self.sent, self.answer[self.sent : self.sent + size])
            self.sent += size
            return True
        self.journal.closed(self.id, 5, {"outcome": "completed", "status": 200, "latency_us": 5})
        return False


def write(promises: Path) -> None:
    chance = random.Random(os.getpid() ^ time.time_ns())
    journal = Journal(
        settings.JOURNAL_DIR, settings.NODE_ID, settings.FIELD_ENCRYPTION_KEYS,
        fsync_ms=50, rotate_bytes=100_000, rotate_seconds=0.3,
    )  # fmt: skip
    out = os.open(promises, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    calls: list[Call] = []
    while True:
        if len(calls) < 8:
            calls.append(Call(journal, chance))
            os.write(out, b"O %s %d\n" % (calls[-1].id.hex().encode(), len(calls[-1].answer)))
        call = chance.choice(
            calls[:3] if chance.random() < 0.8 else calls
        )  # the last ones stay open for long
        if not call.go_on(chance):
            os.write(out, b"C %s %d\n" % (call.id.hex().encode(), len(call.answer)))
            calls.remove(call)
        time.sleep(chance.random() / 2000)


def record(*, until_drained: bool) -> None:
    stop = threading.Event()
    if until_drained:
        stop.set()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    recorder = Recorder(
        settings.JOURNAL_DIR,
        MasterKeys(settings.FIELD_ENCRYPTION_KEYS),
        max_body_bytes=10 << 20,
        node=settings.NODE_ID,
        carry_seconds=0.05,
    )
    recorder.run(stop)


def fork(work, *args, **options) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work(*args, **options)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"a child ended by itself: {status}")


def main(rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    settings.JOURNAL_DIR.mkdir(exist_ok=True)
    promises = settings.DATA_DIR / "promises"
    writers = [fork(write, promises) for _ in range(2)]
    recorders = [fork(record, until_drained=False) for _ in range(2)]
    for _ in range(rounds):
        time.sleep(chance.uniform(0.02, 0.25))
        what = chance.choice(("writer", "recorder", "both"))
        if what != "recorder":
            kill(writers.pop(0))
        if what != "writer":
            kill(recorders.pop(0))
        writers += [fork(write, promises) for _ in range(2 - len(writers))]
        recorders += [fork(record, until_drained=False) for _ in range(2 - len(recorders))]
    for pid in (*writers, *recorders):
        kill(pid)
    _, status = os.waitpid(fork(record, until_drained=True), 0)
    print(json.dumps({"exit": status, "files": sorted(os.listdir(settings.JOURNAL_DIR))}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
