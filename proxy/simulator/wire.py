"""HTTP/1.1 requests as they come over the wire: bytes in, requests out. Knows no socket (RFC 9112)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from proxy.simulator.bodies import Body

HEAD_LIMIT_BYTES = 64 * 1024
# A client that keeps its connection sends the same head again and again: parse it once.
REMEMBERED_HEADS = 512

Headers = tuple[tuple[str, str], ...]


class BadRequest(Exception):
    """What came is not HTTP/1.1; the connection is of no more use."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    method: str
    target: str
    minor_version: int
    headers: Headers
    fields: dict[str, str]
    """Lower-case name to value; repeated headers joined with a comma."""
    length: int
    """Bytes of the body; -1 when it comes in chunks."""
    keeps_alive: bool
    expects_continue: bool


class Request(NamedTuple):
    head: Head
    body: Body


def parse_head(block: bytes) -> Head:
    lines = block.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError:
        raise BadRequest(400, "malformed request line") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(505, "only HTTP/1.1 is spoken here")
    headers = tuple(_parse_field(line) for line in lines[1:])
    fields: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    connection = fields.get("connection", "").lower()
    return Head(
        method=method,
        target=target,
        minor_version=int(version[-1]),
        headers=headers,
        fields=fields,
        length=_body_length(fields),
        keeps_alive="close" not in connection and (version == "HTTP/1.1" or "keep-alive" in connection),
        expects_continue=fields.get("expect", "").lower() == "100-continue",
    )


def _parse_field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise BadRequest(400, f"malformed header line {line[:80]!r}")
    return name, value.strip(" \t")


def _body_length(fields: dict[str, str]) -> int:
    if "transfer-encoding" in fields:
        if fields["transfer-encoding"].lower() != "chunked" or "content-length" in fields:
            raise BadRequest(400, "unsupported transfer-encoding")
        return -1
    length = fields.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest(400, "malformed content-length")
    return int(length)


class RequestParser:
    """Feed it what the socket gave, then call `next_request` until it answers None."""

    __slots__ = ("_body", "_buffer", "_head", "_heads", "_left", "_stage")

    def __init__(self) -> None:
        self._buffer = b""
        self._head: Head | None = None
        self._body = Body()
        self._left = 0
        self._stage = ""
        self._heads: dict[bytes, Head] = {}

    @property
    def head(self) -> Head | None:
        """The head of the request whose body is still coming."""
        return self._head

    @property
    def body(self) -> Body:
        return self._body

    @property
    def pending_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data

    def next_request(self) -> Request | None:
        if self._head is None and not self._take_head():
            return None
        head = self._head
        assert head is not None
        is_whole = self._take_chunks() if head.length < 0 else self._take_sized()
        if not is_whole:
            return None
        self._head = None
        return Request(head, self._body)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > HEAD_LIMIT_BYTES:
            if len(self._buffer) > HEAD_LIMIT_BYTES:
                raise BadRequest(431, "request head too large")
            return False
        block, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        head = self._heads.get(block)
        if head is None:
            head = parse_head(block.lstrip(b"\r\n"))
            if len(self._heads) >= REMEMBERED_HEADS:
                self._heads.clear()
            self._heads[block] = head
        self._head = head
        self._body = Body()
        self._left = max(head.length, 0)
        self._stage = "size"
        return True

    def _take_sized(self) -> bool:
        piece = self._take(self._left)
        if piece:
            self._body.append(piece)
        return self._left == 0

    def _take(self, size: int) -> bytes:
        if len(self._buffer) <= size:
            piece, self._buffer = self._buffer, b""
        else:
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
        self._left -= len(piece)
        return piece

    def _take_chunks(self) -> bool:
        while self._stage == "data" or b"\r\n" in self._buffer:
            if self._stage == "data":
                self._body.append(self._take(self._left))
                if self._left:
                    return False
                self._stage = "end"
                continue
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            if self._stage == "end":
                self._stage = "size"
            elif self._stage == "trailer":
                if not line:
                    return True
            else:
                self._begin_chunk(line)
        return False

    def _begin_chunk(self, line: bytes) -> None:
        try:
            self._left = int(line.partition(b";")[0], 16)
        except ValueError:
            raise BadRequest(400, "malformed chunk size") from None
        self._stage = "data" if self._left else "trailer"
