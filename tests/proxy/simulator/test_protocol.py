import asyncio
import hashlib

import orjson

from proxy.simulator import Simulator
from proxy.simulator.bodies import KEPT_WHOLE_BYTES
from tests.proxy.simulator.conftest import KEY
from tests.proxy.simulator.rawhttp import chat_request, http_request, play, send, unchunk, wait_until


async def test_pipelined_requests_are_answered_in_order(sim: Simulator) -> None:
    bodies = [chat_request("chunks=3", say=f"number {i}", stream=i % 2 == 0) for i in range(4)]
    seen = await send(sim, b"".join(http_request(body) for body in bodies), answers=4)
    assert [seen.raw.count(f"number {i}".encode()) for i in (1, 3)] == [1, 1]
    assert seen.raw.count(b"HTTP/1.1 200 OK") == 4
    assert seen.raw.index(b"[DONE]") < seen.raw.index(b"number 1") < seen.raw.index(b"number 3")


async def test_body_may_come_in_chunks(sim: Simulator) -> None:
    body = chat_request("chunks=3", stream=False)
    chunked = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
    seen = await send(sim, http_request(chunked, headers="transfer-encoding: chunked\r\n"))
    assert seen.status == 200 and sim.requests[-1].body == body


async def test_client_that_waits_for_100_continue_gets_it(sim: Simulator) -> None:
    request = http_request(chat_request("chunks=3", stream=False), headers="expect: 100-continue\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_client_that_leaves_a_stream_is_noticed(sim: Simulator) -> None:
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(http_request(chat_request("chunks=500 delay=20")))
    await reader.readuntil(b"data: ")
    writer.close()
    await writer.wait_closed()
    await wait_until(lambda: sim.requests[-1].aborted)
    assert sim.requests[-1].is_complete and sim.requests[-1].finished_at is None
    assert sim.stats.aborted == 1


async def test_client_that_leaves_before_the_answer_is_noticed(sim: Simulator) -> None:
    _, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(http_request(chat_request("hang=before", stream=False)))
    await wait_until(lambda: sim.requests)
    writer.close()
    await writer.wait_closed()
    await wait_until(lambda: sim.requests[-1].aborted)


async def test_client_that_leaves_during_its_upload_is_noticed(sim: Simulator) -> None:
    _, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(http_request(b"x" * 1000)[:-500])
    await wait_until(lambda: sim.requests)
    writer.close()
    await writer.wait_closed()
    await wait_until(lambda: sim.requests[-1].aborted)
    assert not sim.requests[-1].is_complete


async def test_finished_answer_is_not_aborted(sim: Simulator) -> None:
    await play(sim, "chunks=3")
    entry = sim.requests[-1]
    assert not entry.aborted and entry.finished_at is not None and entry.finished_at >= entry.received_at


async def test_slow_reader_holds_the_answer_back(sim: Simulator) -> None:
    reader, writer = await asyncio.open_connection(sim.host, sim.port, limit=1024)
    writer.write(http_request(chat_request("size=60000000 close=1", stream=False)))
    await reader.readexactly(1000)
    await asyncio.sleep(0.2)
    (connection,) = sim.connections
    assert connection.transport.get_write_buffer_size() < 1_000_000
    received = 1000
    while part := await reader.read(1 << 20):
        received += len(part)
    writer.close()
    await writer.wait_closed()
    assert received > 60_000_000


async def test_received_request_is_remembered_as_it_was_sent(sim: Simulator) -> None:
    body = chat_request("chunks=3", stream=False)
    await send(
        sim, http_request(body, target="/v1/chat/completions?x=%20", headers="X-Odd: A\r\nx-odd: b\r\n")
    )
    entry = sim.requests[-1]
    assert (entry.method, entry.target, entry.body) == ("POST", "/v1/chat/completions?x=%20", body)
    assert entry.headers[2:4] == [("X-Odd", "A"), ("x-odd", "b")] and entry.header("x-odd") == "A, b"
    assert entry.json["model"] == "gpt-4o" and entry.status == 200


async def test_large_body_is_remembered_by_its_digest(sim: Simulator) -> None:
    body = b'{"model": "gpt-4o", "messages": [' + b" " * (KEPT_WHOLE_BYTES + 10) + b"]}"
    seen = await send(sim, http_request(body))
    entry = sim.requests[-1]
    assert (
        seen.status == 200
        and f"a body of {len(body)} bytes" in orjson.loads(seen.body)["choices"][0]["message"]["content"]
    )
    assert (entry.body, entry.body_size, entry.body_sha256) == (
        b"",
        len(body),
        hashlib.sha256(body).hexdigest(),
    )


async def test_nonsense_is_answered_and_closed(sim: Simulator) -> None:
    seen = await send(sim, b"HELO mail\r\n\r\n")
    assert seen.status == 400 and seen.end == "eof"


async def test_old_client_gets_a_stream_without_chunks(sim: Simulator) -> None:
    request = http_request(chat_request("chunks=3")).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    seen = await send(sim, request)
    assert (
        seen.end == "eof" and seen.body.endswith(b"data: [DONE]\n\n") and not seen.header("transfer-encoding")
    )


async def test_head_has_no_body(sim: Simulator) -> None:
    seen = await send(sim, http_request(b"", target="/v1/models", method="HEAD"))
    assert int(seen.header("content-length")[0]) > 100 and seen.body == b""


async def test_hundred_streams_never_mix(sim: Simulator) -> None:
    async def ask(number: int) -> bool:
        seen = await play(sim, "chunks=20 delay=5 close=1", say=f"stream {number:03}")
        payload, _ = unchunk(seen.body)
        text = "".join(part for part in payload.decode().split('"content":"')[2:])
        return f"{number:03}" in text and payload.endswith(b"data: [DONE]\n\n") and KEY not in text

    assert all(await asyncio.gather(*(ask(number) for number in range(100))))


async def test_requests_sent_ahead_wait_at_the_client(sim: Simulator) -> None:
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(http_request(chat_request("ttft=300 chunks=3 id=first")))
    ahead = http_request(chat_request("chunks=3", say="x" * 100_000, stream=False))
    for _ in range(20):
        writer.write(ahead)
    await wait_until(lambda: sim.requests)
    await asyncio.sleep(0.1)
    (connection,) = sim.connections
    assert connection.parser.pending_bytes < 1_000_000
    await wait_until(lambda: len(sim.requests) == 21 and sim.requests[-1].finished_at)
    writer.close()
    await writer.wait_closed()
