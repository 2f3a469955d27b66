"""A real console stands behind a Unix socket; the worker's side is called as the server calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pytest_django import Settings

from relay.http import console


class Console:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.requests: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []
        self.has_been_left = asyncio.Event()
        self.answer: Callable[[web.BaseRequest], Any] = self._plain

    async def _plain(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="from the console")

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        try:
            self.bodies.append(await request.read())
            return await self.answer(request)
        except (asyncio.CancelledError, ConnectionResetError):
            self.has_been_left.set()
            raise


@pytest.fixture
async def far_side(settings: Settings, tmp_path: Path) -> AsyncIterator[Console]:
    settings.CONSOLE_SOCKET = tmp_path / "c.sock"
    server = Console()
    runner = web.ServerRunner(web.Server(server.handle, handler_cancellation=True))
    await runner.setup()
    await web.UnixSite(runner, str(settings.CONSOLE_SOCKET)).start()
    yield server
    await runner.cleanup()


class Client:
    """The server's side of ASGI: `messages` go in, what comes out is kept."""

    def __init__(self, *parts: bytes) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for number, part in enumerate(parts):
            more = number < len(parts) - 1
            self.inbox.put_nowait({"type": "http.request", "body": part, "more_body": more})
        self.sent: list[dict[str, Any]] = []

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return self.sent[0]["headers"]

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


def scope(method: str = "GET", path: str = "/admin/", headers: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"relay.test"), *headers],
        "client": ("192.0.2.7", 4711),
        "scheme": "http",
    } | more


async def forward(client: Client, asked: dict[str, Any]) -> None:
    async with asyncio.timeout(20):
        await console.forward(asked, client.inbox.get, client.send)


async def test_an_answer_comes_back(far_side: Console) -> None:
    client = Client(b"")
    await forward(client, scope())
    assert (client.status, client.body) == (200, b"from the console")


async def test_path_and_query_arrive_as_they_were_written(far_side: Console) -> None:
    asked = scope(path="/a b", raw_path=b"/a%20b/%2F", query_string=b"q=%41&r=a+b")
    await forward(Client(b""), asked)
    assert far_side.requests[0].raw_path == "/a%20b/%2F?q=%41&r=a+b"


async def test_a_body_arrives_whole_in_parts(far_side: Console) -> None:
    client = Client(b"one ", b"two ", b"three")
    await forward(client, scope("POST", headers=[(b"transfer-encoding", b"chunked")]))
    assert far_side.bodies == [b"one two three"]


async def test_a_body_of_known_length_keeps_its_length(far_side: Console) -> None:
    await forward(Client(b"12345"), scope("POST", headers=[(b"content-length", b"5")]))
    assert far_side.requests[0].headers["content-length"] == "5"
    assert far_side.bodies == [b"12345"]


async def test_the_console_learns_who_is_calling(far_side: Console) -> None:
    await forward(Client(b""), scope(scheme="https"))
    headers = far_side.requests[0].headers
    assert (headers["x-relay-client"], headers["x-relay-scheme"]) == ("192.0.2.7 4711", "https")
    assert headers["host"] == "relay.test"


async def test_a_client_cannot_say_who_it_is(far_side: Console) -> None:
    await forward(
        Client(b""), scope(headers=[(b"x-relay-client", b"127.0.0.1 1"), (b"X-Relay-Scheme", b"https")])
    )
    assert far_side.requests[0].headers.getall("x-relay-client") == ["192.0.2.7 4711"]
    assert far_side.requests[0].headers.getall("x-relay-scheme") == ["http"]


async def test_nothing_is_added_to_the_clients_headers(far_side: Console) -> None:
    await forward(Client(b""), scope())
    names = {name.lower() for name in far_side.requests[0].headers}
    assert names == {"host", "connection", "x-relay-client", "x-relay-scheme"}


async def test_headers_of_one_connection_stay_on_it(far_side: Console) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"Connection": "X-Mine", "X-Mine": "1", "X-Other": "2"})

    far_side.answer = answer
    client = Client(b"")
    await forward(client, scope(headers=[(b"connection", b"x-hop"), (b"x-hop", b"1"), (b"te", b"trailers")]))
    assert {"x-hop", "te"}.isdisjoint(name.lower() for name in far_side.requests[0].headers)
    names = {name.lower() for name, _ in client.headers}
    assert b"x-other" in names
    assert {b"connection", b"x-mine", b"transfer-encoding"}.isdisjoint(names)


async def test_repeated_answer_headers_and_redirects_come_back_as_they_are(far_side: Console) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(status=302, headers={"Location": "/elsewhere"})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    far_side.answer = answer
    client = Client(b"")
    await forward(client, scope())
    assert client.status == 302
    assert len([1 for name, _ in client.headers if name.lower() == b"set-cookie"]) == 2


async def test_parts_of_an_answer_do_not_wait_for_its_end(far_side: Console) -> None:
    goes_on = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await goes_on.wait()
        await response.write(b"second")
        return response

    far_side.answer = answer
    client = Client(b"")
    task = asyncio.create_task(forward(client, scope()))
    async with asyncio.timeout(5):
        while client.body != b"first":
            await asyncio.sleep(0.01)
    goes_on.set()
    await task
    assert client.body == b"firstsecond"


async def test_a_client_that_leaves_ends_the_call_in_the_console(far_side: Console) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    far_side.answer = answer
    client = Client(b"")
    task = asyncio.create_task(forward(client, scope()))
    while not far_side.bodies:
        await asyncio.sleep(0.01)
    client.leave()
    await task
    async with asyncio.timeout(2):
        await far_side.has_been_left.wait()
    assert client.sent == []


async def test_a_client_that_leaves_in_its_upload_ends_the_call(far_side: Console) -> None:
    client = Client()
    client.inbox.put_nowait({"type": "http.request", "body": b"half", "more_body": True})
    client.leave()
    await forward(client, scope("POST", headers=[(b"content-length", b"8")]))
    assert client.sent == []


async def test_a_console_that_breaks_off_is_not_taken_for_whole(far_side: Console) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"only this")
        assert request.transport is not None
        request.transport.close()
        return response

    far_side.answer = answer
    client = Client(b"")
    with pytest.raises(Exception, match="payload"):
        await forward(client, scope())
    assert all(message.get("more_body", True) for message in client.sent)


async def test_without_a_console_the_client_is_told_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CONSOLE_SOCKET = tmp_path / "nobody.sock"
    monkeypatch.setattr(console, "START_PATIENCE_SECONDS", 0.2)
    client = Client(b"")
    await forward(client, scope())
    assert client.status == 502
    assert b"console is not answering" in client.body
    assert (b"retry-after", b"1") in client.headers


async def test_a_request_waits_for_a_console_that_is_starting(settings: Settings, tmp_path: Path) -> None:
    settings.CONSOLE_SOCKET = tmp_path / "late.sock"
    client = Client(b"hello")
    task = asyncio.create_task(forward(client, scope("POST", headers=[(b"content-length", b"5")])))
    await asyncio.sleep(0.5)
    server = Console()
    runner = web.ServerRunner(web.Server(server.handle))
    await runner.setup()
    await web.UnixSite(runner, str(settings.CONSOLE_SOCKET)).start()
    await task
    await runner.cleanup()
    assert (client.status, server.bodies) == (200, [b"hello"])
