"""A provider that says exactly these bytes, and remembers exactly the bytes it was sent."""

from __future__ import annotations

import asyncio
import re

PAUSE_SECONDS = 0.05
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """`answers` are given in turn, the last one again and again. `b""` closes without an answer; a list is
    said with a pause after each part."""

    def __init__(self, *answers: bytes | list[bytes], closes: bool = False) -> None:
        self._answers = list(answers) or [OK]
        self._closes = closes
        self.requests: list[bytes] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Peer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                self.requests.append(await _read_request(reader))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                for part in answer if isinstance(answer, list) else [answer]:
                    writer.write(part)
                    await asyncio.sleep(PAUSE_SECONDS if isinstance(answer, list) else 0)
                if self._closes or not answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if length := re.search(rb"(?i)\r\ncontent-length: (\d+)", head):
        return head + await reader.readexactly(int(length[1]))
    if not re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
        return head
    body = b""
    while not body.endswith(b"0\r\n\r\n"):
        body += await reader.readuntil(b"\r\n")
    return head + body


def chunked(*parts: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
