"""A load balancer of a few lines: each connection goes to the next node that takes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import cycle

CHUNK_BYTES = 1 << 16


class RoundRobin:
    """Listens at `port` of 127.0.0.1, in a thread of its own, until the block ends."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = cycle(ports)
        self._tries = len(ports)
        self._started: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> RoundRobin:
        self._thread.start()
        self.port = self._started.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=1024)
        self._started.set_result(server.sockets[0].getsockname()[1])
        await self._stopping.wait()
        server.close()
        mine = asyncio.current_task()
        carrying = [task for task in asyncio.all_tasks() if task is not mine]
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            node, to_node = await self._connect()
            await asyncio.gather(_pump(client, to_node), _pump(node, to_client))
        except OSError:
            to_client.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(self._tries):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", next(self._ports))
        raise ConnectionRefusedError("no node takes a connection")


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while part := await source.read(CHUNK_BYTES):
            target.write(part)
            await target.drain()
    finally:
        target.close()
