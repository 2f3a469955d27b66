"""Questions to the database on behalf of those who watch, in a thread of their own: an event loop must not
wait, and those who watch must not take the threads of pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connections

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

_thread = ThreadPoolExecutor(1, "live")


async def ask(question: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Raises what the question raises. Its connection stays open for the next one."""
    asked = partial(_asked, question, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_thread, asked)


async def rest() -> None:
    """Nobody watches any more."""
    await ask(connections.close_all)


def _asked(question: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    try:
        return question(*args, **kwargs)
    except DatabaseError:
        connections.close_all()
        raise
