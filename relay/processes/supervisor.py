"""Keeps the children of `serve` alive, replaces them on SIGHUP and ends them in order on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterable, Sequence

from relay.processes import copying
from relay.processes.process import Process, Program, describe_exit

logger = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS = 30.0
# A child that lived this long did not die of its own start: its successor starts without delay.
HEALTHY_SECONDS = 30.0
READY_POLL_SECONDS = 0.2


class Child:
    """A place among the children: a dead process there gets a successor until `stop`.

    `make_program` gets 0 and 1 in turn for each replacement, so that the two of an overlap can differ.
    """

    def __init__(self, make_program: Callable[[int], Program]) -> None:
        self._make_program = make_program
        self._turn = 0
        self._delay_seconds = 0.0
        self._keeper: asyncio.Task[None] | None = None
        # The current one, and during a replacement the one that is ending.
        self._running: list[Process] = []
        self._current: Process | None = None

    def start(self) -> None:
        self._keep(self._spawn(self._turn))

    async def becomes_ready(self) -> bool:
        return self._current is not None and await self._current.becomes_ready()

    async def replace(self) -> bool:
        """Without a gap where two may run side by side, else the old one ends first. Whether it was."""
        if self._make_program(self._turn).may_overlap:
            return await self._overlap()
        await self.stop()
        self.start()
        return True

    async def stop(self) -> None:
        self._let_go()
        await asyncio.gather(*(process.stop() for process in self._running))
        self._running.clear()

    def kill(self) -> None:
        for process in self._running:
            process.signal(signal.SIGKILL)

    async def _overlap(self) -> bool:
        # Who was retired by the last replacement still has the turn that the next one gets.
        await asyncio.gather(*(process.wait() for process in self._running if process is not self._current))
        successor = self._spawn(1 - self._turn, is_successor=True)
        if not await successor.becomes_ready():
            logger.error("%s: the replacement did not start; the old one stays", successor.program.name)
            await successor.stop()
            return False
        self._turn = 1 - self._turn
        self._let_go()
        self._keep(successor)
        for process in self._running:
            if process is not successor:
                process.signal(signal.SIGTERM)
        return True

    def _spawn(self, turn: int, *, is_successor: bool = False) -> Process:
        process = Process(self._make_program(turn), is_successor=is_successor)
        self._running = [*(other for other in self._running if other.is_alive), process]
        return process

    def _keep(self, process: Process) -> None:
        self._current = process
        self._keeper = asyncio.create_task(self._keep_alive(process))

    def _let_go(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()

    async def _keep_alive(self, process: Process) -> None:
        while True:
            code = await process.wait()
            self._current = None
            await self._pause(process, code)
            process = self._current = await self._successor()

    async def _successor(self) -> Process:
        while True:
            try:
                return self._spawn(self._turn)
            except OSError as error:  # no more processes or memory: the next try may have them
                logger.error("cannot start a process: %s", error)
                await asyncio.sleep(LONGEST_DELAY_SECONDS)

    async def _pause(self, process: Process, code: int) -> None:
        lived_seconds = time.monotonic() - process.started_at
        delay = 0.0 if lived_seconds >= HEALTHY_SECONDS else self._delay_seconds
        self._delay_seconds = min(max(1.0, delay * 2), LONGEST_DELAY_SECONDS)
        name, ending = process.program.name, describe_exit(code)
        logger.error("%s (pid %d) %s; the next one starts in %.0f s", name, process.pid, ending, delay)
        await asyncio.sleep(delay)


async def supervise(
    stages: Sequence[Sequence[Child]],
    on_ready: Callable[[], None],
    on_stop: Callable[[], None],
    preparation: Program | None = None,
) -> None:
    """Until SIGTERM or SIGINT; then the stages end one by one. Another signal kills the current one.

    On SIGHUP the preparation runs first; nothing is replaced if it fails.
    """
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, number)
    children = [child for stage in stages for child in stage]
    for child in children:
        child.start()
    greeting = asyncio.create_task(_greet(children, on_ready))
    await _until_stopped(signals, children, preparation)
    greeting.cancel()
    on_stop()
    for stage in stages:
        await _end(stage, signals)


async def _greet(children: Iterable[Child], on_ready: Callable[[], None]) -> None:
    for child in children:
        while not await child.becomes_ready():  # noqa: ASYNC110 - its successor will be another object
            await asyncio.sleep(READY_POLL_SECONDS)
    on_ready()


async def _until_stopped(
    signals: asyncio.Queue[signal.Signals], children: Sequence[Child], preparation: Program | None
) -> None:
    replacing: asyncio.Task[None] | None = None
    while await signals.get() == signal.SIGHUP:
        if replacing is None or replacing.done():
            logger.info("SIGHUP: replacing the processes one by one")
            copying.forget()
            replacing = asyncio.create_task(_replace(children, preparation))
    if replacing is not None:
        replacing.cancel()


async def _replace(children: Sequence[Child], preparation: Program | None) -> None:
    if preparation is not None and (code := await Process(preparation).wait()):
        logger.error("%s %s; nothing is replaced", preparation.name, describe_exit(code))
        return
    replaced = [await child.replace() for child in children]
    logger.info("all processes are replaced" if all(replaced) else "all other processes are replaced")


async def _end(stage: Sequence[Child], signals: asyncio.Queue[signal.Signals]) -> None:
    ending = asyncio.gather(*(child.stop() for child in stage))
    while not ending.done():
        hurry = asyncio.ensure_future(signals.get())
        await asyncio.wait((ending, hurry), return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and hurry.result() != signal.SIGHUP:
            for child in stage:
                child.kill()
        hurry.cancel()
    await ending
