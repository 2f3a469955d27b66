from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import httpx
import pytest
import respx

from proxy.errors import MaybeSent, MidStream, NotSent, RelayError, UpstreamError
from proxy.headers import RawHeaders
from proxy.sending.answer import Answer
from proxy.sending.upstream import Body, Upstream
from proxy.simulator import Simulator
from tests.proxy.lanes import until
from tests.proxy.peers import OK, Peer, chunked

HEADERS: RawHeaders = [(b"content-type", b"application/json"), (b"authorization", b"Bearer sk-up")]
CHAT = b'{"model":"gpt-4o","messages":[{"role":"user","content":"%b"}]}'


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.aclose()


async def send(
    upstream: Upstream, url: str, body: Body | None = None, method: str = "POST", **given: Any
) -> Answer:
    limits = {"connect_seconds": 5, "first_byte_seconds": 10, "idle_seconds": 10}
    headers = given.pop("headers", HEADERS)
    return await upstream.send(method, url, headers, body, **limits | given)


async def chat(upstream: Upstream, sim: Simulator, text: str, **given: Any) -> Answer:
    return await send(upstream, f"{sim.base_url}/chat/completions", CHAT % text.encode(), **given)


async def read(answer: Answer) -> bytes:
    return b"".join([part async for part in answer.parts()])


async def fault_of(upstream: Upstream, url: str, body: Body | None = b"{}", **given: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await send(upstream, url, body, **given)
    return caught.value


async def parts(*given: bytes, pause: float = 0) -> AsyncIterator[bytes]:
    for part in given:
        yield part
        await asyncio.sleep(pause)


# What is sent


async def test_exactly_these_bytes_are_sent(upstream: Upstream) -> None:
    async with Peer() as peer:
        await read(await send(upstream, f"{peer.origin}/v1/chat/completions?b=&a=%20+", b'{"x":1}'))
        assert peer.requests == [
            b"POST /v1/chat/completions?b=&a=%%20+ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
            b"content-type: application/json\r\nauthorization: Bearer sk-up\r\nContent-Length: 7\r\n\r\n"
            b'{"x":1}' % peer.port
        ]


async def test_a_get_has_no_body_and_no_header_of_ours(upstream: Upstream) -> None:
    async with Peer() as peer:
        await read(await send(upstream, f"{peer.origin}/v1/models", b"", "GET", headers=[]))
        assert peer.requests == [b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % peer.port]


async def test_a_post_without_a_body_says_so(upstream: Upstream) -> None:
    async with Peer() as peer:
        await read(await send(upstream, f"{peer.origin}/v1/responses/r/cancel", b"", headers=[]))
        assert peer.requests[0].endswith(b"Content-Length: 0\r\n\r\n")


async def test_an_upload_of_known_length_keeps_it(upstream: Upstream) -> None:
    async with Peer() as peer:
        await read(
            await send(upstream, f"{peer.origin}/v1/files", parts(b"abc", b"def"), length=6, headers=[])
        )
        assert peer.requests[0].endswith(b"content-length: 6\r\n\r\nabcdef")


async def test_an_upload_of_unknown_length_is_chunked(upstream: Upstream) -> None:
    async with Peer() as peer:
        await read(await send(upstream, f"{peer.origin}/v1/files", parts(b"abc", b"de"), headers=[]))
        assert peer.requests[0].endswith(
            b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )


ADDRESSES = [
    "/v1/models/meta%2Fllama%3Afree",
    "/v1/models/meta/llama:free~1",
    "/v1/models/a%7Eb%20c%C3%A9",
    "/v1/models?z=1&a=2&a=1",
    "/v1/models?empty=&also&x=%2F%3F",
    "/v1/models?metadata[key]=v&include[]=a",
    "/v1/models?q='(*)!$",
    "/v1/" + "x" * 60_000,
]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address[:40])
async def test_an_address_is_sent_as_the_client_wrote_it(upstream: Upstream, address: str) -> None:
    async with Peer() as peer:
        await read(await send(upstream, peer.origin + address, b"", "GET"))
        assert peer.requests[0].split(b" ")[1] == address.encode()


async def test_an_address_too_long_for_anybody_is_a_fault_and_not_an_accident(upstream: Upstream) -> None:
    fault = await fault_of(upstream, "http://127.0.0.1:1/" + "x" * 70_000)
    assert isinstance(fault, NotSent)


async def test_repeated_headers_stay_repeated_in_both_directions(upstream: Upstream) -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: 2\r\nX-A: 3\r\nContent-Length: 0\r\n\r\n"
    async with Peer(answer) as peer:
        got = await send(upstream, peer.origin, headers=[(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")])
        assert b"x-a: 1\r\nx-b: 2\r\nx-a: 3\r\n" in peer.requests[0]
        assert got.headers[:3] == [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]
        await read(got)


async def test_header_values_in_utf8_keep_their_bytes(upstream: Upstream) -> None:
    async with Peer(b"HTTP/1.1 200 OK\r\nx-back: \xe9\xff\r\nContent-Length: 0\r\n\r\n") as peer:
        got = await send(upstream, peer.origin, headers=[(b"x-title", "Grüße 你".encode())])
        assert "x-title: Grüße 你\r\n".encode() in peer.requests[0]
        assert got.headers[0] == (b"x-back", b"\xe9\xff")
        await read(got)


async def test_a_header_that_cannot_be_sent_is_the_callers_fault(upstream: Upstream) -> None:
    async with Peer() as peer:
        with pytest.raises(RelayError) as caught:
            await send(upstream, peer.origin, headers=[(b"x-a", b"\x01")])
        assert (caught.value.status, caught.value.code) == (400, "invalid_headers")
        assert peer.requests == []


async def test_no_cookie_is_kept(upstream: Upstream) -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: __cf_bm=secret; path=/\r\nContent-Length: 0\r\n\r\n"
    async with Peer(answer) as peer:
        for _ in range(2):
            await read(await send(upstream, peer.origin))
        assert b"cookie" not in peer.requests[1].lower()


async def test_no_redirect_is_followed(upstream: Upstream) -> None:
    async with Peer() as elsewhere:
        answer = (
            b"HTTP/1.1 307 Elsewhere\r\nLocation: %b/\r\nContent-Length: 0\r\n\r\n"
            % elsewhere.origin.encode()
        )
        async with Peer(answer) as peer:
            got = await send(upstream, peer.origin, b"{}")
            assert got.status == 307
            assert (b"location", elsewhere.origin.encode() + b"/") in got.headers
            await read(got)
        assert elsewhere.requests == []


# What comes back


async def test_an_encoded_body_stays_encoded(upstream: Upstream, sim: Simulator) -> None:
    answer = await chat(upstream, sim, "[[sim encoding=gzip]]")
    assert (b"content-encoding", b"gzip") in answer.headers
    assert (await read(answer)).startswith(b"\x1f\x8b")


async def test_informational_answers_are_not_the_answer(upstream: Upstream) -> None:
    async with Peer(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK) as peer:
        answer = await send(upstream, peer.origin)
        assert (answer.status, await read(answer)) == (200, b"ok")


async def test_an_answer_without_length_ends_with_its_connection(upstream: Upstream) -> None:
    async with Peer(b"HTTP/1.1 200 OK\r\n\r\nall of it", closes=True) as peer:
        assert await read(await send(upstream, peer.origin)) == b"all of it"


async def test_an_answer_may_come_before_the_upload_has_ended(upstream: Upstream, sim: Simulator) -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with await asyncio.start_server(_answer_at_once, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{port_of(server)}/v1/files"
        answer = await send(upstream, url, endless())
        assert (answer.status, await read(answer)) == (200, b"ok")
        answer.close()
        await asyncio.wait_for(ended.wait(), 2)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _answer_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    writer.close()


# Faults: whether the provider can have seen the request


def unused_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection_sent_nothing(upstream: Upstream) -> None:
    fault = await fault_of(upstream, f"http://127.0.0.1:{unused_port()}/v1")
    assert isinstance(fault, NotSent)
    assert fault.reason == "upstream_unreachable"
    assert fault.detail == "connection refused"  # and no address: callers read it


async def test_an_unknown_name_sent_nothing(upstream: Upstream) -> None:
    fault = await fault_of(
        upstream, "http://no-such-host.invalid/v1", connect_seconds=30, first_byte_seconds=60
    )
    assert isinstance(fault, NotSent)
    assert fault.reason == "upstream_unreachable"
    assert "no-such-host.invalid" in fault.detail


async def test_a_port_that_speaks_no_tls_sent_nothing(upstream: Upstream) -> None:
    async with await asyncio.start_server(_greet_and_close, "127.0.0.1", 0) as server:
        fault = await fault_of(upstream, f"https://127.0.0.1:{port_of(server)}/v1")
        assert isinstance(fault, NotSent)
        assert fault.reason == "upstream_unreachable"


async def _greet_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 smtp.example ESMTP\r\n")
    writer.close()


async def test_a_connection_that_is_not_accepted_in_time_sent_nothing(upstream: Upstream) -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as deaf:
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        began = time.monotonic()
        port = deaf.getsockname()[1]
        fault = await fault_of(upstream, f"http://127.0.0.1:{port}/v1", connect_seconds=0.3)
        for one in waiting:
            one.close()
    assert isinstance(fault, NotSent)
    assert fault.reason == "upstream_timeout"
    assert time.monotonic() - began < 2


async def test_a_reset_before_the_answer_may_have_been_sent(upstream: Upstream, sim: Simulator) -> None:
    with pytest.raises(MaybeSent) as caught:
        await chat(upstream, sim, "[[sim reset=before]]")
    assert caught.value.reason == "upstream_disconnected"
    assert len(sim.requests) == 1


async def test_a_close_before_the_answer_may_have_been_sent_and_is_not_repeated(upstream: Upstream) -> None:
    async with Peer(OK, b"") as peer:
        await read(await send(upstream, peer.origin, b"{}"))
        fault = await fault_of(upstream, peer.origin)
        assert isinstance(fault, MaybeSent)
        assert len(peer.requests) == 2


async def test_a_kept_connection_that_the_provider_has_closed_is_not_used(upstream: Upstream) -> None:
    async with Peer(OK, closes=True) as peer:
        for _ in range(3):
            assert await read(await send(upstream, peer.origin, b"{}")) == b"ok"
            await asyncio.sleep(0.05)
        assert peer.connections == 3


async def test_connections_are_kept(upstream: Upstream) -> None:
    async with Peer() as peer:
        for _ in range(3):
            await read(await send(upstream, peer.origin, b"{}"))
        assert peer.connections == 1


NOT_HTTP = [
    b"220 smtp.example ESMTP\r\n\r\n",
    b"HTTP/1.1 abc\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n",
    b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx-big: " + b"x" * 70_000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("answer", NOT_HTTP, ids=lambda answer: answer[:24].decode())
async def test_what_is_not_http_may_have_been_sent(upstream: Upstream, answer: bytes) -> None:
    async with Peer(answer) as peer:
        fault = await fault_of(upstream, peer.origin)
        assert isinstance(fault, MaybeSent)
        assert fault.reason == "upstream_invalid"


BROKEN_OFF = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.",
    chunked(b"ten bytes."),
    [chunked(b"ten bytes."), b"zz\r\nnonsense\r\n"],
]


@pytest.mark.parametrize("answer", BROKEN_OFF, ids=["short length", "no last chunk", "malformed chunk"])
async def test_a_body_that_breaks_off_says_so_after_what_came(upstream: Upstream, answer: Any) -> None:
    async with Peer(answer, closes=True) as peer:
        got, seen = await send(upstream, peer.origin), b""
        with pytest.raises(MidStream) as caught:
            async for part in got.parts():
                seen += part
        assert caught.value.reason == "upstream_truncated"
        assert seen == b"ten bytes."


async def test_a_reset_in_the_middle_says_so(upstream: Upstream, sim: Simulator) -> None:
    answer = await chat(upstream, sim, "[[sim reset=middle]]")
    with pytest.raises(MidStream):
        await read(answer)


# Time


async def test_no_first_byte_in_time_may_have_been_sent(upstream: Upstream, sim: Simulator) -> None:
    began = time.monotonic()
    with pytest.raises(MaybeSent) as caught:
        await chat(upstream, sim, "[[sim hang=before]]", first_byte_seconds=0.2)
    assert caught.value.reason == "upstream_timeout"
    assert time.monotonic() - began < 2
    await until(lambda: sim.requests[0].aborted)


async def test_a_slow_upload_is_not_the_providers_delay(upstream: Upstream, sim: Simulator) -> None:
    upload = parts(*[b"x"] * 5, pause=0.1)
    answer = await send(upstream, f"{sim.base_url}/echo", upload, first_byte_seconds=0.3)
    assert answer.status == 200
    await read(answer)


async def test_after_an_upload_the_provider_has_its_time(upstream: Upstream, sim: Simulator) -> None:
    headers = [*HEADERS, (b"x-simulate", b"hang=before")]
    began = time.monotonic()
    upload = parts(b"x", b"y", pause=0.1)
    fault = await fault_of(upstream, f"{sim.base_url}/echo", upload, first_byte_seconds=0.3, headers=headers)
    assert (type(fault), fault.reason) == (MaybeSent, "upstream_timeout")
    assert 0.4 < time.monotonic() - began < 2


async def test_more_than_a_hundred_calls_run_at_once(upstream: Upstream, sim: Simulator) -> None:
    began = time.monotonic()
    calls = [chat(upstream, sim, f"call-{number}! [[sim ttft=1000]]") for number in range(150)]
    bodies = [await read(answer) for answer in await asyncio.gather(*calls)]
    assert time.monotonic() - began < 5
    assert all(b"call-%d!" % number in body for number, body in enumerate(bodies))
    assert len(sim.connections) == 150


async def test_a_closed_answer_stops_the_provider(upstream: Upstream, sim: Simulator) -> None:
    answer = await chat(upstream, sim, "[[sim hang=10]]")
    answer.close()
    await until(lambda: sim.requests[0].aborted, 1)


# Another transport in the place of ours


@pytest.fixture
def router() -> respx.Router:
    return respx.Router(assert_all_called=True)


@pytest.fixture
def mocked(router: respx.Router) -> Upstream:
    return Upstream(httpx.MockTransport(router.async_handler))


async def test_any_transport_of_httpx_can_take_the_calls(mocked: Upstream, router: respx.Router) -> None:
    route = router.post("https://x.test/v1/embeddings", headers={"authorization": "Bearer sk-up"})
    route.respond(201, headers={"X-Odd": "1"}, content=b"body")
    answer = await send(mocked, "https://x.test/v1/embeddings", b"{}")
    assert answer.status == 201
    assert (b"x-odd", b"1") in answer.headers
    assert await read(answer) == b"body"
    assert route.calls.last.request.content == b"{}"


CLASSES = [
    (httpx.ConnectError, NotSent, "upstream_unreachable"),
    (httpx.ConnectTimeout, NotSent, "upstream_timeout"),
    (httpx.ReadTimeout, MaybeSent, "upstream_timeout"),
    (httpx.WriteError, MaybeSent, "upstream_disconnected"),
    (httpx.ReadError, MaybeSent, "upstream_disconnected"),
    (httpx.RemoteProtocolError, MaybeSent, "upstream_disconnected"),
]


@pytest.mark.parametrize(("raised", "kind", "reason"), CLASSES)
async def test_faults_of_any_transport_are_classified(
    mocked: Upstream, router: respx.Router, raised: Any, kind: Any, reason: str
) -> None:
    router.post("https://x.test/v1/embeddings").mock(side_effect=raised("words"))
    fault = await fault_of(mocked, "https://x.test/v1/embeddings")
    assert type(fault) is kind
    assert (fault.reason, fault.detail.rstrip(")").endswith("words")) == (reason, True)
