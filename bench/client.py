"""One keep-alive connection of the load generator: a hand-written client, so that it costs little."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from bench import answers, bodies
from bench.answers import Wrong
from bench.bodies import Body

FIRST_PIECE = b'"delta":{"content":"'
SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the requests go and what they are; `head` ends before content-length."""

    host: str
    port: int
    head: bytes
    body: Body
    checks_answers: bool = True
    asks_the_same: bool = False

    def request(self, tag: bytes) -> bytes:
        body = self.body
        return b"%bcontent-length: %d\r\n\r\n%b%b%b" % (self.head, len(body), body.before, tag, body.after)


@dataclass(slots=True)
class Tally:
    """Times in seconds; only requests begun while `is_measuring` enter the lists."""

    is_measuring: bool = False
    sent: int = 0
    done: int = 0
    events: int = 0
    measured: int = 0
    latencies: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    """From the first piece of a stream to its end."""
    errors: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    def fail(self, kind: str, detail: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1
        if len(self.samples) < SAMPLES:
            self.samples.append(f"{kind}: {detail}"[:300])


class Supply(Protocol):
    def wants_more(self) -> bool: ...


class Client(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is complete, while the supply lasts."""

    def __init__(self, aim: Aim, tally: Tally, supply: Supply) -> None:
        self.aim, self.tally, self.supply = aim, tally, supply
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._got = bytearray()
        self._is_busy = False

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, self.aim.host, self.aim.port)
        except OSError as problem:
            self.tally.fail("connect", str(problem))
            self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._send_next()

    def _send_next(self) -> None:
        if not self.supply.wants_more():
            return self._end()
        assert self.transport is not None
        self.tally.sent += 1
        self._tag = bodies.tag(0 if self.aim.asks_the_same else self.tally.sent)
        self._got = bytearray()
        self._body_start = -1
        self._length = -1
        self._is_chunked = False
        self._first_token_at = 0.0
        self._is_counted = self.tally.is_measuring
        self._is_busy = True
        self._sent_at = perf_counter()
        self.transport.write(self.aim.request(self._tag))

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._body_start < 0 and not self._read_head():
            return
        if self.aim.body.is_stream and not self._first_token_at and FIRST_PIECE in self._got:
            self._first_token_at = perf_counter()
        if self._is_chunked:
            if self._got.endswith(b"0\r\n\r\n"):
                self._finish(answers.unchunk(bytes(self._got[self._body_start :])))
        elif len(self._got) - self._body_start >= self._length >= 0:
            self._finish(bytes(self._got[self._body_start :]))

    def _read_head(self) -> bool:
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._body_start = end + 4
        head = self._got[:end].lower()
        self._status = int(head[9:12])
        self._is_chunked = b"\r\ntransfer-encoding: chunked" in head
        self._closes = b"\r\nconnection: close" in head
        at = head.find(b"\r\ncontent-length: ")
        if at >= 0:
            self._length = int(head[at + 18 :].split(b"\r\n", 1)[0])
        return True

    def _finish(self, body: bytes) -> None:
        now = perf_counter()
        self._is_busy = False
        is_right = self._judge(body)
        tally = self.tally
        tally.done += 1
        if is_right and self.aim.body.is_stream:
            tally.events += self.aim.body.chunks
        if is_right and self._is_counted:
            tally.measured += 1
            tally.latencies.append(now - self._sent_at)
            if self._first_token_at:
                tally.first_tokens.append(self._first_token_at - self._sent_at)
                tally.durations.append(now - self._first_token_at)
        if self._closes and self.transport is not None:
            return self.transport.close()
        self._send_next()

    def _judge(self, body: bytes) -> bool:
        asked = self.aim.body
        try:
            if self._status != 200:
                self.tally.fail(f"status {self._status}", body[:200].decode("utf-8", "replace"))
                return False
            if self.aim.checks_answers:
                answers.check(body, self._tag, asked.chunks, asked.is_stream)
            if self.aim.asks_the_same and self._is_counted and b"\r\nx-proxy-cache: hit\r\n" not in self._got:
                self.tally.fail("no hit", bytes(self._got[:300]).decode("latin-1"))
                return False
        except Wrong as problem:
            self.tally.fail("wrong answer", str(problem))
            return False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_busy:
            self._is_busy = False
            self.tally.fail("connection lost", f"{exc} after {self._got[-80:]!r}")
        if not self.ended.done():
            self._opening = asyncio.get_running_loop().create_task(self.open())

    def give_up(self) -> None:
        """The time is over and the answer has not come."""
        if self._is_busy:
            self.tally.fail("unfinished", f"{self._got[-80:]!r}")
            self._is_busy = False
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        if self.transport is not None:
            self.transport.close()
