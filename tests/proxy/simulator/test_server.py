import asyncio
import ssl
import subprocess
import urllib.request
from pathlib import Path

import orjson
import pytest
from openai import AsyncOpenAI, AuthenticationError, OpenAI

from proxy.simulator import Simulator
from tests.proxy.simulator.conftest import KEY
from tests.proxy.simulator.rawhttp import chat_request, http_request, play, send, wait_until

COMMON_HEADERS = (
    "x-request-id openai-processing-ms openai-version openai-organization x-ratelimit-remaining-requests "
    "server cf-ray alt-svc strict-transport-security date"
)


async def test_every_answer_carries_what_a_relay_must_deal_with(sim: Simulator) -> None:
    seen = await play(sim, "chunks=3", stream=False)
    for name in COMMON_HEADERS.split():
        assert len(seen.header(name)) == 1, name
    assert [cookie.split("=")[0] for cookie in seen.header("set-cookie")] == ["__cf_bm", "_cfuvid"]


async def test_request_ids_differ(sim: Simulator) -> None:
    ids = {(await play(sim, "chunks=3", stream=False)).header("x-request-id")[0] for _ in range(5)}
    assert len(ids) == 5


async def test_wrong_key_is_refused_as_openai_does(sim: Simulator) -> None:
    async with AsyncOpenAI(base_url=sim.base_url, api_key="sk-wrong-key-123456") as client:
        with pytest.raises(AuthenticationError) as refused:
            await client.models.list()
    assert refused.value.code == "invalid_api_key" and "sk-wrong********3456" in refused.value.message


@pytest.mark.parametrize("header", ["x-api-key", "api-key"])
async def test_key_is_taken_from_the_other_headers_too(sim: Simulator, header: str) -> None:
    request = http_request(b"", target="/v1/models", method="GET")
    request = request.replace(f"authorization: Bearer {KEY}".encode(), f"{header}: {KEY}".encode())
    assert (await send(sim, request)).status == 200


async def test_without_a_key_of_its_own_it_accepts_any() -> None:
    async with Simulator() as open_to_all:
        assert (await play(open_to_all, "chunks=3")).status == 200


async def test_script_of_the_header_wins(sim: Simulator) -> None:
    body = chat_request("status=500", stream=False)
    assert (await send(sim, http_request(body, headers="x-simulate: status=404\r\n"))).status == 404


async def test_script_may_stand_in_the_query(sim: Simulator) -> None:
    request = http_request(b"", target="/v1/models?q=%5B%5Bsim+status%3D503%5D%5D", method="GET")
    assert (await send(sim, request)).status == 503


async def test_script_of_the_simulator_holds_for_requests_without_one(sim: Simulator) -> None:
    sim.script = "status=503"
    request = http_request(b"", target="/v1/models", method="GET")
    assert (await send(sim, request)).status == 503
    assert (await play(sim, "chunks=3")).status == 200
    sim.script = ""
    assert (await send(sim, request)).status == 200


async def test_stopped_simulator_refuses_and_comes_back_on_its_port() -> None:
    simulator = Simulator()
    await simulator.start()
    port = simulator.port
    await simulator.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(simulator.host, port)
    await simulator.start()
    assert simulator.port == port and (await play(simulator, "chunks=3")).status == 200
    await simulator.stop()


async def test_stop_ends_answers_under_way() -> None:
    async with Simulator() as simulator:
        _, writer = await asyncio.open_connection(simulator.host, simulator.port)
        writer.write(http_request(chat_request("hang=headers")))
        await wait_until(lambda: simulator.stats.streaming)
    assert simulator.stats.aborted == 1 and not simulator.connections
    writer.close()


def test_it_serves_from_a_thread() -> None:
    with Simulator() as simulator, OpenAI(base_url=simulator.base_url, api_key="any") as client:
        answer = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hello thread"}]
        )
    assert "hello thread" in (answer.choices[0].message.content or "")


async def test_realistic_answers_take_their_time() -> None:
    async with Simulator(realistic=True, seed=3) as simulator:
        began = asyncio.get_running_loop().time()
        await send(simulator, http_request(chat_request("chunks=8 close=1", stream=False)), wait_seconds=3)
        assert asyncio.get_running_loop().time() - began > 0.25


async def test_stats_count(sim: Simulator) -> None:
    await play(sim, "chunks=3")
    await play(sim, "status=429")
    seen = orjson.loads((await send(sim, http_request(b"", target="/stats", method="GET"))).body)
    assert seen["requests"] == 2 and seen["statuses"] == {"200": 1, "429": 1}
    assert seen["paths"] == {"chat/completions": 2} and seen["events"] == 6


async def test_nothing_is_remembered_unless_asked() -> None:
    async with Simulator(record=False) as simulator:
        await play(simulator, "chunks=3")
        assert simulator.requests == []


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"{not json", 400, None),
        (b"[]", 400, None),
        (b'{"messages": []}', 400, "model"),
        (b'{"model": "m"}', 400, "messages"),
        (b'{"model": "m", "messages": 5}', 400, "messages"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "n": "two"}', 400, None),
        (b'{"model": "missing-model", "messages": []}', 404, None),
    ],
)
async def test_bad_requests_are_refused_in_words(
    sim: Simulator, body: bytes, status: int, param: str | None
) -> None:
    seen = await send(sim, http_request(body))
    error = orjson.loads(seen.body)["error"]
    assert (seen.status, error["param"]) == (status, param) and error["message"]


def test_it_speaks_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl._create_unverified_context()
    with Simulator(ssl_context=context) as simulator:
        assert simulator.base_url.startswith("https://")
        with urllib.request.urlopen(f"{simulator.base_url}/models", context=trusting) as answer:
            assert orjson.loads(answer.read())["object"] == "list"
