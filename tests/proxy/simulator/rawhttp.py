"""Calls the simulator over a bare socket, to see what no HTTP client shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from proxy.simulator import Simulator
from tests.proxy.simulator.conftest import KEY


@dataclass
class Seen:
    """What came over the wire. It ended `whole`, by `eof` or `reset`, or is still `open`."""

    raw: bytes
    end: str

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.raw[9:12])

    def header(self, name: str) -> list[str]:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        return [value for key, _, value in lines if key.lower() == name]


def chat_request(script: str, *, stream: bool = True, say: str = "hello", **more: Any) -> bytes:
    message = {"role": "user", "content": f"{say} [[sim {script}]]"}
    return orjson.dumps({"model": "gpt-4o", "stream": stream, "messages": [message], **more})


def http_request(
    body: bytes, *, target: str = "/v1/chat/completions", headers: str = "", method: str = "POST"
) -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer {KEY}\r\n{headers}"
    if "transfer-encoding" not in headers:
        head += f"content-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def send(sim: Simulator, request: bytes, *, answers: int = 1, wait_seconds: float = 0.6) -> Seen:
    """So many answers, or what came of them until the connection ended or nothing came for so long."""
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    try:
        writer.write(request)
        raw, end = b"", "open"
        with contextlib.suppress(TimeoutError):
            while end == "open":
                part = await asyncio.wait_for(reader.read(65536), wait_seconds)
                raw += part
                end = "eof" if not part else "whole" if count_answers(raw) == answers else "open"
        return Seen(raw, end)
    except ConnectionResetError:
        return Seen(raw, "reset")
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def count_answers(raw: bytes) -> int:
    """How many whole answers these bytes are, as far as they are delimited at all."""
    head, blank, rest = raw.partition(b"\r\n\r\n")
    head = head.lower()
    if not blank or b"connection: close" in head:
        return 0
    if b"transfer-encoding: chunked" in head:
        end = rest.find(b"\r\n0\r\n\r\n") + 7 if b"\r\n0\r\n\r\n" in rest else -1
    else:
        size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        end = size if len(rest) >= size else -1
    return 0 if end < 0 else 1 + count_answers(rest[end:])


async def play(sim: Simulator, script: str, **request: Any) -> Seen:
    return await send(sim, http_request(chat_request(script, **request)))


def unchunk(body: bytes) -> tuple[bytes, bool]:
    """The payload, and whether its terminator came."""
    payload = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return payload, True
        payload += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return payload, False


def texts(payload: bytes) -> list[str]:
    """The content deltas of a chat stream."""
    events = [event[6:] for event in payload.split(b"\n\n") if event.startswith(b"data: {")]
    choices = [choice for event in events for choice in orjson.loads(event).get("choices", [])]
    return [choice["delta"]["content"] for choice in choices if choice["delta"].get("content")]


async def wait_until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
