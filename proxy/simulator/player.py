"""Sends one answer that takes its time, comes in pieces, or goes wrong, exactly as the script says."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import zstandard

from proxy.simulator import faults, sse
from proxy.simulator.calls import Call
from proxy.simulator.faults import Act, Pause
from proxy.simulator.replies import CHUNK, Answer, Event

# A reset may overtake bytes that the client has not read yet: give it time to read them.
BEFORE_RESET_SECONDS = 0.1
SPLIT_GAP_SECONDS = 0.0005


class Outlet:
    """The client's side of the connection: writes, and waits while the client does not read."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._may_write = asyncio.Event()
        self._may_write.set()

    def pause(self) -> None:
        self._may_write.clear()

    def resume(self) -> None:
        self._may_write.set()

    async def write(self, data: bytes) -> None:
        self.transport.write(data)
        if not self._may_write.is_set():
            await self._may_write.wait()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        end = self.transport.get_extra_info("socket")
        if end is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Encoder:
    """Content-encoding of a stream: what went in comes out at once."""

    def __init__(self, name: str) -> None:
        if name == "zstd":
            packer = zstandard.ZstdCompressor().compressobj()
            self._flush: Callable[[], bytes] = lambda: packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
            self._pack: Any = packer
        else:
            deflater = zlib.compressobj(1, zlib.DEFLATED, 31 if name == "gzip" else 15)
            self._flush = lambda: deflater.flush(zlib.Z_SYNC_FLUSH)
            self._pack = deflater

    def encode(self, data: bytes) -> bytes:
        return self._pack.compress(data) + self._flush()

    def finish(self) -> bytes:
        return self._pack.flush()


class Player:
    def __init__(self, call: Call, answer: Answer, outlet: Outlet, render: Callable[[bytes], bytes]) -> None:
        self.call, self.answer, self.script = call, answer, call.script
        self.outlet = outlet
        self.render = render
        """Makes the head of the answer; takes the lines that frame its body."""
        self.events_sent = 0
        self.keeps_alive = call.head.keeps_alive and not self.script.close
        self._encoder = Encoder(self.script.encoding) if self.script.encoding else None
        self._is_chunked = False
        self._delay = (self.script.delay or 0) / 1000
        self._due = 0.0

    async def play(self) -> None:
        """Returns when the answer is complete or the script ended the connection."""
        if self.script.hang == "before":
            await asyncio.Event().wait()
        if self.script.reset == "before":
            return self.outlet.reset()
        if self.script.ttft:
            await asyncio.sleep(self.script.ttft / 1000)
        if self.answer.events is None:
            await self._play_body()
        else:
            await self._play_stream()

    async def _play_body(self) -> None:
        # A whole answer takes as long as its stream would.
        await asyncio.sleep(self._delay * self.answer.chunk_count)
        steps, length = faults.bend_body(self.answer, self.script)
        is_open_ended = self._encoder or self.script.eof is not None
        if not await self._begin(None if is_open_ended else length):
            return
        for step in steps:
            if not await self._take(step):
                return
        await self._end()

    async def _play_stream(self) -> None:
        if not await self._begin(None):
            return
        self._due = asyncio.get_running_loop().time()
        for step in self._steps():
            if isinstance(step, Event):
                if step.stage == CHUNK:
                    await self._wait_for_turn()
                await self._send(self._frame(step))
                self.events_sent += 1
            elif not await self._take(step):
                return
        await self._end()

    def _steps(self) -> Iterator[Event | faults.Trouble]:
        return faults.bend_stream(self.answer, self.script)

    async def _begin(self, length: int | None) -> bool:
        """False when the answer ends with its head."""
        lines = [b"content-encoding: %b\r\n" % self.script.encoding.encode()] if self.script.encoding else []
        if self.script.no_length or (length is None and self.call.head.minor_version == 0):
            self.keeps_alive = False
        elif length is not None:
            lines.append(b"content-length: %d\r\n" % length)
        else:
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"connection: keep-alive\r\n" if self.keeps_alive else b"connection: close\r\n")
        await self.outlet.write(self.render(b"".join(lines)))
        if self.script.reset == "headers":
            return await self._act(Act.RESET)
        if self.script.hang == "headers":
            return await self._act(Act.HANG)
        return self.call.head.method != "HEAD"

    async def _wait_for_turn(self) -> None:
        """Chunks keep their beat from the first one on, however long the writes took."""
        loop = asyncio.get_running_loop()
        wait = self._due - loop.time()
        await asyncio.sleep(wait if wait > 0 else 0)
        self._due += self._delay

    def _frame(self, event: Event) -> bytes:
        if self.answer.dialect == "binary":
            return event.data
        if self.script.crlf or self.script.comments:
            return sse.write_oddly(event, self.script)
        return sse.write(event)

    async def _send(self, data: bytes) -> None:
        if not data:
            return
        if self._encoder:
            data = self._encoder.encode(data)
        if not self.script.split:
            return await self._send_piece(data)
        for start in range(0, len(data), self.script.split):
            await self._send_piece(data[start : start + self.script.split])
            await asyncio.sleep(SPLIT_GAP_SECONDS)

    async def _send_piece(self, data: bytes) -> None:
        if self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        await self.outlet.write(data)

    async def _take(self, step: bytes | Event | faults.Trouble) -> bool:
        """False when the connection is not to be used any more."""
        if isinstance(step, bytes):
            await self._send(step)
        elif isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            self._due += step.seconds
        elif isinstance(step, Act):
            return await self._act(step)
        return True

    async def _act(self, act: Act) -> bool:
        if act is Act.END:
            await self._end()
            return False
        if act is Act.HANG:
            await asyncio.Event().wait()
        self.keeps_alive = False
        if act is Act.RESET:
            await asyncio.sleep(BEFORE_RESET_SECONDS)
            self.outlet.reset()
        else:
            self.outlet.transport.close()
        return False

    async def _end(self) -> None:
        if self._encoder:
            await self._send_piece(self._encoder.finish())
        if self._is_chunked:
            await self.outlet.write(b"0\r\n\r\n")
