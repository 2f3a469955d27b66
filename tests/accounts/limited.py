"""Budgets for tests, and other processes that count."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accounts.budgets import budget
from accounts.budgets.budget import Budget
from proxy.configuration.configuration import Limits

ROOT = Path(__file__).resolve().parent.parent.parent


def budgets(
    second: int | None = None,
    minute: int | None = None,
    tokens: int | None = None,
    streams: int | None = None,
    *,
    name: str = "",
    owner: str = "key 'a'",
) -> tuple[Budget, ...]:
    """Of a key that nobody else counts against, unless a name is given."""
    return budget.of(name or f"token:{uuid.uuid4()}", owner, Limits(second, minute, tokens, streams))


class Elsewhere:
    """Another process that runs `code`; what it prints is read line by line."""

    def __init__(self, code: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int:
        return self._process.wait(30)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def elsewhere(code: str, *arguments: object, count: int = 1) -> Iterator[list[Elsewhere]]:
    """Several such processes, each of which has printed its first line."""
    processes = [Elsewhere(code, *arguments) for _ in range(count)]
    try:
        for process in processes:
            assert process.line() == "ready"
        yield processes
    finally:
        for process in processes:
            process.close()
