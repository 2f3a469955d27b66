"""One child process of `serve`, seen from its parent."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from relay.processes import copying, lifeline

logger = logging.getLogger(__name__)

READY_TIMEOUT_SECONDS = 60.0
LISTEN_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Program:
    """`command` is for this interpreter; `grace_seconds` is the time it may take to end after SIGTERM."""

    name: str
    command: tuple[str, ...]
    grace_seconds: float
    fds: tuple[int, ...] = ()
    # Two of them may run side by side: the old one ends after the new one is ready.
    may_overlap: bool = False
    # It calls `lifeline.say_ready`; of the others it is enough that they run.
    says_ready: bool = False
    # It is ready when it listens there, on this machine.
    port: int = 0
    # What it imports is among `copying.MODULES`.
    may_be_copy: bool = False


class Process:
    """Starting is not a coroutine: a task cancelled half-way would leave a process nobody knows of."""

    def __init__(self, program: Program, *, is_successor: bool = False) -> None:
        self.program = program
        self.started_at = time.monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            environ = {
                **os.environ,
                lifeline.FD_VARIABLE: str(theirs.fileno()),
                lifeline.SUCCESSOR_VARIABLE: "1" if is_successor else "",
            }
            self._launched = _launch(program, environ, theirs.fileno())
        self.pid = self._launched.pid
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._end = asyncio.create_task(self._follow(ours))

    async def _follow(self, line: socket.socket) -> int:
        """The kernel closes the child's end when it dies, however it dies."""
        words, writer = await asyncio.open_connection(sock=line)
        try:
            while word := await words.read(64):
                if word.startswith(lifeline.READY) and not self._ready.done():
                    self._ready.set_result(True)
        except OSError:
            pass  # a reset is an end too
        writer.close()
        if not self._ready.done():
            self._ready.set_result(False)
        return self._launched.wait()

    async def wait(self) -> int:
        return await asyncio.shield(self._end)

    @property
    def is_alive(self) -> bool:
        return self._launched.poll() is None

    async def becomes_ready(self) -> bool:
        """False when it ended, or said nothing in time."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS):
                if self.program.port:
                    await self._listens()
                return await asyncio.shield(self._ready) if self.program.says_ready else self.is_alive
        except TimeoutError:
            return False

    async def _listens(self) -> None:
        while self.is_alive:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.program.port)
            except OSError:
                await asyncio.sleep(LISTEN_POLL_SECONDS)
            else:
                writer.close()
                return

    async def stop(self) -> None:
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), self.program.grace_seconds)
        except TimeoutError:
            logger.warning("%s (pid %d) did not end in time and is killed", self.program.name, self.pid)
            self.signal(signal.SIGKILL)
            await self.wait()

    def signal(self, number: signal.Signals) -> None:
        if self.is_alive:
            self._launched.send_signal(number)


def _launch(
    program: Program, environ: Mapping[str, str], lifeline_fd: int
) -> copying.Copy | subprocess.Popen[bytes]:
    fds = (lifeline_fd, *program.fds)
    if program.may_be_copy and copying.is_loaded():
        return copying.Copy(program.command, environ, fds)
    return subprocess.Popen(
        [sys.executable, *program.command],
        cwd=settings.BASE_DIR,
        # Ctrl-C in a terminal reaches a whole group; in which order to end is for the parent.
        start_new_session=True,
        pass_fds=fds,
        env=environ,
    )


def describe_exit(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
