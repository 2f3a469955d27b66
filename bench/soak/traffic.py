"""The clients: `python -m bench.soak.traffic --base-url … --rate 200 --seconds 60 …`, a process of its own.

With a rate, calls begin when their time has come, however long others take; with callers, each calls again
as soon as it has its answer. It ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import aiohttp
import orjson
import uvloop

from bench.soak.calls import CUT, HELD_BACK, LATE, LOST, Call
from bench.soak.kinds import MIX, SLEEPING, Caller, Trouble

MOST_AT_ONCE = 2000
PATIENCE_SECONDS = 120.0
FINISH_SECONDS = 60.0
TICK_SECONDS = 0.005
KEYS_SECONDS = 0.2
SLOW_BUFFER_BYTES = 64 * 1024


class Keys:
    """`{"keys": […], "withered": […]}` in a file that somebody else replaces while we call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.read()

    def read(self) -> None:
        found = orjson.loads(self._path.read_bytes())
        self._keys, self._withered = found["keys"], found["withered"]

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(KEYS_SECONDS)
            self.read()

    def key(self) -> str:
        return random.choice(self._keys)

    def withered(self) -> str:
        return random.choice(self._withered)


class Traffic:
    def __init__(self, caller: Caller, notes: BinaryIO, numbers: Iterator[int], kinds: list[str]) -> None:
        self._caller, self._notes, self._numbers = caller, notes, numbers
        self._kinds, self._shares = kinds, [MIX[kind][0] for kind in kinds]
        self._under_way: set[asyncio.Task[None]] = set()

    async def at_a_rate(self, rate: float, seconds: float) -> None:
        began, begun = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            for _ in range(int(passed * rate) - begun):
                begun += 1
                self._begin()
            await asyncio.sleep(TICK_SECONDS)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_SECONDS)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _begin(self) -> None:
        if len(self._under_way) >= MOST_AT_ONCE:
            return self._note(self._next(), HELD_BACK)
        task = asyncio.create_task(self._perform(self._next()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def by_callers(self, callers: int, seconds: float) -> None:
        ends_at = time.monotonic() + seconds

        async def call_on() -> None:
            while time.monotonic() < ends_at:
                await self._perform(self._next())

        await asyncio.gather(*(call_on() for _ in range(callers)))

    def _next(self) -> Call:
        kind = random.choices(self._kinds, self._shares)[0]
        return Call(next(self._numbers), kind, time.time())

    async def _perform(self, call: Call) -> None:
        try:
            await self._send(call)
        except Trouble as trouble:
            self._note(call, trouble.what, trouble.detail)
        except (TimeoutError, asyncio.CancelledError):
            self._note(call, LATE)
        except (aiohttp.ClientError, OSError) as problem:
            self._note(call, CUT if call.status else LOST, repr(problem))
        else:
            self._note(call)

    async def _send(self, call: Call) -> None:
        try:
            await MIX[call.kind][1](self._caller, call)
        except (aiohttp.ClientError, OSError):
            if call.status:
                raise
            call.is_repeat = True
            await MIX[call.kind][1](self._caller, call)

    def _note(self, call: Call, trouble: str = "", detail: str = "") -> None:
        call.ended, call.trouble, call.detail = time.time(), trouble, detail[:300]
        self._notes.write(call.as_line())


def _small_buffered(info: tuple) -> socket.socket:
    made = socket.socket(*info[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
    return made


async def run(asked: argparse.Namespace) -> None:
    keys = Keys(asked.keys)
    following = asyncio.create_task(keys.follow())
    patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    kinds = [kind for kind in MIX if not (asked.callers and kind in SLEEPING)]
    wide = aiohttp.TCPConnector(limit=0)
    narrow = aiohttp.TCPConnector(limit=0, socket_factory=_small_buffered)
    with asked.notes.open("ab") as notes:
        async with (
            aiohttp.ClientSession(connector=wide, timeout=patience) as session,
            aiohttp.ClientSession(connector=narrow, timeout=patience, read_bufsize=SLOW_BUFFER_BYTES) as slow,
        ):
            caller = Caller(asked.base_url, session, slow, keys.key, keys.withered)
            traffic = Traffic(caller, notes, iter(range(asked.first, sys.maxsize)), kinds)
            if asked.callers:
                await traffic.by_callers(asked.callers, asked.seconds)
            else:
                await traffic.at_a_rate(asked.rate, asked.seconds)
    following.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.soak.traffic", description=__doc__)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--keys", type=Path, required=True, help="file of the keys to call with")
    parser.add_argument("--notes", type=Path, required=True, help="file that each call is noted in")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--rate", type=float, help="calls a second")
    how.add_argument("--callers", type=int, help="so many, without a pause")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--first", type=int, default=1, help="number of the first call")
    gc.freeze()
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
