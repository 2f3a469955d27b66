"""Runs an asyncio program until SIGTERM or SIGINT, then lets it end by itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

Program = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def run(program: Program) -> None:
    """The program gets an event that is set when it is to end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run_until_signal(program))


async def _run_until_signal(program: Program) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await program(stopping)
