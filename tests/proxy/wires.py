"""A client that says exactly these bytes to a relay, and keeps exactly the bytes it is told."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from proxy.simulator import Simulator
from proxy.simulator.received import Received
from tests.running import Relay
from tests.waiting import until

CHUNK_BYTES = 1 << 16


@dataclass
class Heard:
    """One answer as it came over the wire."""

    head: bytes
    body: bytes
    is_whole: bool
    """Its end was the end of the HTTP message, not of the connection."""

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Wire:
    def __init__(self, port: int, secret: str) -> None:
        self.secret = secret
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def ask(
        self, method: str, target: str, body: bytes | None = None, *lines: str, secret: str | None = ""
    ) -> Heard:
        self.say(self.request(method, target, body, *lines, secret=secret))
        return self.hear(method)

    def request(
        self, method: str, target: str, body: bytes | None = None, *lines: str, secret: str | None = ""
    ) -> bytes:
        head = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", *lines]
        if secret is not None:
            head.append(f"authorization: Bearer {secret or self.secret}")
        if body is not None:
            head.append(f"content-length: {len(body)}")
        return "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")

    def hear(self, method: str = "GET") -> Heard:
        head = self.hear_head()
        body, is_whole = self._hear_body(head, method)
        return Heard(head, body, is_whole)

    def hear_head(self) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            assert line, f"the relay closed after {head!r}"
            head += line
        return head[:-4]

    def _hear_body(self, head: bytes, method: str) -> tuple[bytes, bool]:
        status = int(head.split(b" ", 2)[1])
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
            body = self._read(int(length[1]))
            return body, len(body) == int(length[1])
        if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            return self._hear_chunks()
        return self._read(-1), True

    def _hear_chunks(self) -> tuple[bytes, bool]:
        chunks: list[bytes] = []
        while size := self._read_line():
            chunk = self._read(int(size, 16) + 2)
            if int(size, 16) == 0:
                return b"".join(chunks), True
            chunks.append(chunk[:-2])
        return b"".join(chunks), False

    def _read(self, size: int) -> bytes:
        try:
            return self.file.read(size)
        except ConnectionError:
            return b""

    def _read_line(self) -> bytes:
        try:
            return self.file.readline()
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@contextmanager
def connected(to: Relay | Simulator, secret: str = "") -> Iterator[Wire]:
    wire = Wire(to.port, secret or (to.key if isinstance(to, Relay) else "sk-upstream"))
    try:
        yield wire
    finally:
        wire.close()


def chat(text: str, **given: Any) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **given}).encode()


def received(simulator: Simulator, mark: str, seconds: float = 5) -> Received:
    """The request that carries this mark in its body, its address or its headers."""

    def find() -> Received | None:
        for request in simulator.requests:
            if mark.encode() in request.body or mark in request.target or mark in str(request.headers):
                return request
        return None

    found = until(find, seconds)
    assert isinstance(found, Received)
    return found


def open_database(relay: Relay) -> Any:
    """As another process opens it."""
    if url := relay.environ["DATABASE_URL"]:
        return psycopg.connect(url)
    return sqlite3.connect(relay.data_dir / "relay.db", timeout=20)


@contextmanager
def database_away(relay: Relay) -> Iterator[None]:
    url = relay.environ["DATABASE_URL"]
    leave, come_back = (_lock_out, _let_in) if url else (_hide, _show)
    leave(relay)
    try:
        yield
    finally:
        come_back(relay)


def _hide(relay: Relay) -> None:
    for path in relay.data_dir.glob("relay.db*"):
        path.rename(path.with_name(f"away.{path.name}"))


def _show(relay: Relay) -> None:
    for path in relay.data_dir.glob("away.relay.db*"):
        path.rename(path.with_name(path.name.removeprefix("away.")))


def _lock_out(relay: Relay) -> None:
    _administer(relay, "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    _administer(relay, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def _let_in(relay: Relay) -> None:
    _administer(relay, "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def _administer(relay: Relay, sql: str) -> None:
    parts = urlsplit(relay.environ["DATABASE_URL"])
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(sql.format(name=parts.path[1:]))


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096
