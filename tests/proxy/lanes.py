"""A lane in this process: the real pipeline and journal, a configuration of the test's making, and ASGI
in the place of a socket. Quick; what only sockets and processes can show is in test_lane_*.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from accounts.secrets import keys
from logs_app.journal.journal import META_LENGTH, Journal
from logs_app.journal.reader import SegmentReader
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART, REJECTED, REQUEST_PART, SENT, MasterKeys
from proxy import lane, runtime
from proxy.configuration.configuration import Key, Provider, Settings, Snapshot
from proxy.configuration.snapshot import SnapshotUnavailable
from proxy.runtime import Runtime
from proxy.sending.upstream import Upstream

SECRET = "sk-lane-0f1e2d3c4b5a"
SETTINGS = Settings("", 5, 20, 20, None, True)
MASTER_KEY = "master"
Message = dict[str, Any]


def key(**given: Any) -> Key:
    made = Key("7", "credential", "mine", "sk-lan…")
    return replace(made, **given)


def provider(base_url: str, **given: Any) -> Provider:
    return replace(Provider(1, "default", "openai", base_url, "sk-upstream"), **given)


class Configuration:
    """In the place of the snapshot that follows the database."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.current = snapshot
        self.refreshes = 0
        self.is_away = False
        self.arriving: dict[bytes, Key] = {}  # known after the next refresh

    async def refresh(self) -> Snapshot:
        self.refreshes += 1
        if self.is_away:
            raise SnapshotUnavailable("The database did not answer in time.")
        self.current = replace(self.current, keys=dict(self.current.keys) | self.arriving)
        return self.current

    async def run(self) -> None:
        await asyncio.Event().wait()

    def set(self, **given: Any) -> None:
        self.current = replace(self.current, settings=replace(self.current.settings, **given))

    def set_provider(self, **given: Any) -> None:
        self.current = replace(self.current, providers=(replace(self.current.providers[0], **given),))


@dataclass
class Reply:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    is_complete: bool = False
    error: BaseException | None = None
    """What came out of the application; then the server cuts the connection."""

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    def header(self, name: str) -> str | None:
        values = [value.decode() for key, value in self.headers if key.decode() == name]
        return ", ".join(values) if values else None


@dataclass
class Record:
    """What the journal says of one exchange."""

    opened: dict[str, Any] | None = None
    request: bytes = b""
    sent: bytes = b""
    answered: dict[str, Any] | None = None
    parts: list[bytes] = field(default_factory=list)
    closed: dict[str, Any] | None = None
    rejected: dict[str, Any] | None = None

    @property
    def outcome(self) -> str | None:
        return self.closed and self.closed["outcome"]

    @property
    def error_code(self) -> str | None:
        return self.closed and self.closed["error_code"]

    def add(self, kind: int, payload: bytes) -> None:
        if kind == OPENED:
            end = META_LENGTH.size + META_LENGTH.unpack_from(payload)[0]
            assert self.opened is None
            self.opened, self.request = orjson.loads(payload[META_LENGTH.size : end]), payload[end:]
        elif kind == REQUEST_PART:
            self.request += payload
        elif kind == PART:
            self.parts.append(payload)
        elif kind == SENT:
            self.sent += payload
        else:
            name = {ANSWERED: "answered", CLOSED: "closed", REJECTED: "rejected"}[kind]
            assert getattr(self, name) is None, f"{name} twice"
            setattr(self, name, orjson.loads(payload))


class Caller:
    """The client's end of one call."""

    def __init__(self, parts: Iterable[bytes] = (b"",)) -> None:
        self._parts = list(parts) or [b""]
        self._left = asyncio.Event()
        self.reply = Reply()
        self.on_part: Callable[[bytes], None] = lambda part: None
        self.answered = asyncio.Event()
        self.taken = 0  # parts of the request

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> Message:
        if self.taken < len(self._parts):
            self.taken += 1
            more = self.taken < len(self._parts)
            return {"type": "http.request", "body": self._parts[self.taken - 1], "more_body": more}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.reply.status, self.reply.headers = message["status"], list(message["headers"])
            self.answered.set()
            return
        if part := message.get("body", b""):
            self.reply.parts.append(part)
            self.on_part(part)
        self.reply.is_complete = not message.get("more_body", False)


class Lane:
    def __init__(self, directory: Path, base_url: str) -> None:
        self.directory = directory
        known = {keys.digest(SECRET): key()}
        self.configuration = Configuration(Snapshot(1, known, (provider(base_url),), SETTINGS))
        self.journal = Journal(directory, "node", [MASTER_KEY], fsync_ms=0)
        self.runtime = Runtime(self.configuration, self.journal, Upstream())  # type: ignore[arg-type]

    def scope(self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> Message:
        path, _, query = target.partition("?")
        return {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": list(headers),
            "scheme": "http",
            "client": ["192.0.2.1", 50000],
            "server": ["127.0.0.1", 8000],
        }

    async def serve(self, scope: Message, caller: Caller) -> Reply:
        try:
            await lane.handle(scope, caller.receive, caller.send)
        except (Exception, asyncio.CancelledError) as error:
            caller.reply.error = error
        return caller.reply

    async def call(
        self,
        method: str,
        target: str,
        body: Any = b"",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        caller: Caller | None = None,
        secret: str | None = SECRET,
    ) -> Reply:
        """`body` as bytes, as a list of parts (chunked), or as what becomes JSON."""
        sent = list(headers)
        names = {name for name, _ in sent}
        if not isinstance(body, bytes | list):
            body = orjson.dumps(body)
        if body and b"content-type" not in names:
            sent.append((b"content-type", b"application/json"))
        if isinstance(body, list):
            sent.append((b"transfer-encoding", b"chunked"))
        elif body and b"content-length" not in names:
            sent.append((b"content-length", b"%d" % len(body)))
        if secret is not None:
            sent.append((b"authorization", b"Bearer " + secret.encode()))
        caller = caller or Caller()
        caller._parts = body if isinstance(body, list) else [body]
        return await self.serve(self.scope(method, target, sent), caller)

    async def chat(self, text: str = "hi", **given: Any) -> Reply:
        options = {name: given.pop(name) for name in ("caller", "headers", "secret") if name in given}
        payload = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **given}
        return await self.call("POST", "/v1/chat/completions", payload, **options)

    def records(self) -> list[Record]:
        found: dict[bytes, Record] = {}
        for path in sorted(self.directory.glob("*.seg")):
            reader = SegmentReader(path, MasterKeys([MASTER_KEY]))
            for kind, id, _, payload, _ in reader.entries():
                found.setdefault(id, Record()).add(kind, payload)
            reader.close()
        return list(found.values())

    @property
    def record(self) -> Record:
        """Of the one call there was."""
        (record,) = self.records()
        return record


@asynccontextmanager
async def running(directory: Path, base_url: str) -> AsyncIterator[Lane]:
    made = Lane(directory, base_url)
    runtime.install(made.runtime)
    try:
        yield made
    finally:
        runtime.install(None)
        await made.runtime.aclose()


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    ends_at = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < ends_at, "it did not happen in time"
        await asyncio.sleep(0.005)
