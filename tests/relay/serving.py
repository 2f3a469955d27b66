"""Starts `tests.relay.applications`, or a worker of the relay, and speaks to it over bare sockets."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.managing import waiting
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 30.0
GET = b"GET %b HTTP/1.1\r\nhost: localhost\r\n\r\n"


def listen_on_tcp() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return _ready_to_inherit(listener)


def listen_on_unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    return _ready_to_inherit(listener)


def _ready_to_inherit(listener: socket.socket) -> socket.socket:
    listener.listen(1024)
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


class Served:
    """One server process on `listener`; its output and its temporary files have a folder of their own."""

    def __init__(
        self,
        listener: socket.socket,
        *arguments: str,
        module: str = "tests.relay.applications",
        environ: dict[str, str] | None = None,
        ready: str = "ready",
    ) -> None:
        self._listener = listener
        self.folder = Path(tempfile.mkdtemp(prefix="served-"))
        (self.folder / "tmp").mkdir()
        self._log_path = self.folder / "log"
        self._log_path.touch()
        self.process = waiting.start(
            ["--fd", str(listener.fileno()), *arguments],
            {**(environ or os.environ), "TMPDIR": str(self.folder / "tmp")},
            module=module,
            pass_fds=(listener.fileno(),),
            stdout=self._log_path,
            stderr=self._log_path,
        )
        try:
            until(lambda: ready in self.log() or self.process.poll() is not None, START_SECONDS)
            assert self.process.poll() is None
        except AssertionError:
            print(self.log())
            self.stop()
            raise

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.close()
        log = self.log()
        shutil.rmtree(self.folder)
        assert not re.search("CRITICAL|ERROR +asyncio", log), (
            log
        )  # failures of the server, not of applications

    def connect(self, receive_buffer_bytes: int = 0) -> Client:
        return Client(self._listener.getsockname(), receive_buffer_bytes)

    def get(self, target: str) -> Answer:
        with self.connect() as client:
            return client.get(target)

    def state(self, id: str = "") -> dict[str, Any]:
        return json.loads(self.get(f"/show-notes?id={id}").body)

    def notes(self, id: str) -> dict[str, Any]:
        return self.state(id)["notes"]

    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    @property
    def rss_bytes(self) -> int:
        return resident_bytes(self.process.pid)


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def error(self) -> dict[str, Any]:
        """The error object, in OpenAI's shape or not at all."""
        assert self.header("content-type") == "application/json"
        error = json.loads(self.body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


class Client:
    """A bare socket that can read HTTP/1.1 answers."""

    def __init__(self, address: Any, receive_buffer_bytes: int = 0) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(20)
        self.socket.connect(address)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def reset(self) -> None:
        """Leaves as a crashing machine does, not by closing."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, target: str) -> Answer:
        self.send(GET % target.encode())
        return self.answer()

    def post(self, target: str, body: bytes, *headers: bytes) -> Answer:
        self.send(post(target, len(body), *headers) + body)
        return self.answer()

    def answer(self, *, has_body: bool = True) -> Answer:
        """Whole and well-formed, or an error."""
        status, headers = self.head()
        answer = Answer(status, headers, b"")
        if has_body and status not in (204, 304):
            answer.body = b"".join(self.parts(answer))
        return answer

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        line = self._line()
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        headers = []
        while line := self._line():
            name, _, value = line.partition(": ")
            headers.append((name, value))
        return int(status), headers

    def parts(self, answer: Answer) -> Iterator[bytes]:
        if answer.header("transfer-encoding") == "chunked":
            while chunk := self._chunk():
                yield chunk
        elif length := answer.header("content-length"):
            body = self._file.read(int(length))
            assert len(body) == int(length), f"broken off after {len(body)} of {length} bytes"
            yield body
        else:
            yield self._file.read()

    def _chunk(self) -> bytes:
        size = int(self._line(), 16)
        chunk = self._file.read(size)
        assert len(chunk) == size and self._file.read(2) == b"\r\n", "broken off in a chunk"
        return chunk

    def _line(self) -> str:
        line = self._file.readline()
        assert line.endswith(b"\r\n"), f"broken off in {line!r}"
        return line[:-2].decode("latin-1")

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def rest(self) -> bytes:
        """All that still comes until the server closes; a reset ends it too."""
        found = []
        with suppress(ConnectionError):
            while part := self._file.read1():
                found.append(part)
        return b"".join(found)

    def is_closed_within(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(20)


def post(target: str, length: int | None, *headers: bytes) -> bytes:
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    lines = [b"POST %b HTTP/1.1" % target.encode(), b"host: relay", framing, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def resident_bytes(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One server for the tests of a module. No test may leave an error in its log, except on purpose."""
    server = Served(listen_on_tcp())
    yield server
    server.stop()
