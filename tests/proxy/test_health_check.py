from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from proxy.health import check
from proxy.health.breaker import Outcome
from proxy.health.check import Report
from proxy.sending.upstream import Upstream
from proxy.simulator import Simulator
from tests.proxy.lanes import provider
from tests.proxy.peers import Peer

LIST = orjson.dumps({"object": "list", "data": [{"id": "gpt-4o"}, {"id": "gpt-4.1"}]})


def answer(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def error(status: int, message: str) -> bytes:
    return answer(status, orjson.dumps({"error": {"message": message}}))


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.aclose()


async def asked(upstream: Upstream, base_url: str, options: Any = None, **given: Any) -> Report:
    return await check.check(
        provider(base_url, **given), upstream, **({"timeout_seconds": 2} | (options or {}))
    )


async def test_a_provider_that_lists_its_models_is_well(upstream: Upstream) -> None:
    async with Peer(answer(200, LIST)) as peer:
        report = await asked(upstream, peer.origin)
    assert (report.is_ok, report.outcome, report.status) == (True, Outcome.REACHED, 200)
    assert (report.models, report.words) == (("gpt-4o", "gpt-4.1"), "It lists 2 models.")
    (sent,) = peer.requests
    assert sent.startswith(b"GET /v1/models HTTP/1.1")
    assert b"authorization: bearer sk-upstream" in sent.lower()


async def test_a_mapped_model_that_it_does_not_list_is_named(upstream: Upstream) -> None:
    async with Peer(answer(200, LIST)) as peer:
        mapping = {"a": "gpt-4o", "b": {"mapped_model": "gpt-9"}, "c*": "gpt-*"}
        report = await asked(upstream, peer.origin, model_mapping=mapping)
    assert (report.is_ok, "Not among them, though mapped: gpt-9." in report.words) == (True, True)


@pytest.mark.parametrize(
    ("said", "fault", "outcome", "words"),
    [
        (error(401, "Incorrect API key"), "key_refused", Outcome.AUTH, "refuses the API key (HTTP 401)"),
        (error(403, "no access"), "key_refused", Outcome.ANSWERED, "no access"),
        (error(403, "Missing scopes: x"), "list_refused", Outcome.ANSWERED, "may not list models"),
        (error(404, "no"), "not_found", Outcome.ANSWERED, "the path of the address is wrong"),
        (error(429, "slow down"), "rate_limited", Outcome.ANSWERED, "limit of this key"),
        (error(503, "overloaded"), "server_error", Outcome.SERVER_ERROR, "HTTP 503"),
        (error(400, "hm"), "refused", Outcome.ANSWERED, "hm"),
        (answer(302, b""), "redirected", Outcome.ANSWERED, "has moved"),
        (answer(200, b"<html>", "text/html"), "not_an_api", Outcome.ANSWERED, "a web page"),
        (answer(200, b'{"data": 1}'), "not_an_api", Outcome.ANSWERED, "no list of models"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not_http", Outcome.TRANSPORT, "not HTTP"),
        (b"", "broken_off", Outcome.TRANSPORT, "closed the connection"),
    ],
)
async def test_each_way_to_fail_has_its_words(
    upstream: Upstream, said: bytes, fault: str, outcome: Outcome, words: str
) -> None:
    async with Peer(said) as peer:
        report = await asked(upstream, peer.origin)
    assert (report.fault, report.outcome) == (fault, outcome if fault != "redirected" else report.outcome)
    assert words in report.words
    assert "sk-upstream" not in report.words


async def test_nobody_listens(upstream: Upstream) -> None:
    async with Peer() as peer:
        origin = peer.origin
    report = await asked(upstream, origin)
    assert (report.fault, report.outcome) == ("refused_connection", Outcome.TRANSPORT)


async def test_a_name_that_does_not_exist(upstream: Upstream) -> None:
    report = await asked(upstream, "http://provider.invalid")
    assert (report.fault, report.words) == ("dns", "The name provider.invalid cannot be found (DNS).")


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_an_untrusted_certificate(upstream: Upstream, own_certificate: ssl.SSLContext) -> None:
    async with Simulator(ssl_context=own_certificate) as simulator:
        report = await asked(upstream, simulator.base_url)
    assert (report.fault, "certificate" in report.words) == ("tls", True)


async def test_tls_spoken_to_a_plain_port(upstream: Upstream) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        report = await asked(upstream, f"https://127.0.0.1:{port}")
    assert report.fault == "tls"


async def test_a_provider_that_is_too_late(upstream: Upstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        report = await asked(upstream, address, {"timeout_seconds": 0.2})
    assert (report.fault, report.outcome) == ("timeout", Outcome.TIMEOUT)
    assert "no answer within 0.2 seconds" in report.words


async def test_a_slow_one_is_well_and_called_slow(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "SLOW_SECONDS", 0)
    async with Peer([b"", answer(200, LIST)]) as peer:
        report = await asked(upstream, peer.origin)
    assert (report.is_ok, "It is slow" in report.words) == (True, True)


async def test_a_model_is_asked_for_one_token(upstream: Upstream) -> None:
    async with Simulator() as simulator:
        report = await asked(upstream, simulator.base_url, {"model": "gpt-4o"})
        (received,) = simulator.requests
    assert (report.is_ok, report.outcome, report.models) == (True, Outcome.SUCCESS, ())
    assert orjson.loads(received.body)["max_tokens"] == 1


async def test_a_model_that_thinks_is_asked_in_its_own_words(upstream: Upstream) -> None:
    refusal = error(400, "Use 'max_completion_tokens' instead.")
    async with Peer(refusal, answer(200, b"{}")) as peer:
        report = await asked(upstream, peer.origin, {"model": "o3"})
    assert (report.is_ok, b'"max_completion_tokens":1' in peer.requests[1]) == (True, True)


async def test_a_model_that_is_unknown_there(upstream: Upstream) -> None:
    async with Peer(error(404, "The model `gpt-9` does not exist")) as peer:
        report = await asked(upstream, peer.origin, {"model": "gpt-9"})
    assert (report.fault, "does not know the model 'gpt-9'" in report.words) == ("model_unknown", True)


async def test_without_a_list_a_mapped_model_is_asked_unless_that_may_cost(upstream: Upstream) -> None:
    said = error(404, "no such page"), answer(200, b"{}")
    async with Peer(*said) as peer:
        report = await asked(upstream, peer.origin, model_mapping={"a": "gpt-4o"})
    assert (report.is_ok, len(peer.requests)) == (True, 2)
    async with Peer(*said) as peer:
        free = await asked(upstream, peer.origin, {"may_cost": False}, model_mapping={"a": "gpt-4o"})
    assert (free.is_ok, free.outcome, len(peer.requests)) == (True, Outcome.ANSWERED, 1)


async def test_anthropic_is_asked_in_its_own_way(upstream: Upstream) -> None:
    async with Peer(answer(200, LIST), answer(200, b"{}")) as peer:
        await asked(upstream, peer.origin, provider_type="anthropic")
        await asked(upstream, peer.origin, {"model": "claude"}, provider_type="anthropic")
    assert b"x-api-key: sk-upstream" in peer.requests[0].lower()
    assert b"anthropic-version" in peer.requests[0].lower()
    assert peer.requests[1].startswith(b"POST /v1/messages ")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"api_key": ""}, "key_missing"),
        ({"error": "The key is unreadable."}, "unusable"),
        ({"provider_type": "nobody"}, "unusable"),
    ],
)
async def test_what_cannot_be_used_is_not_asked(upstream: Upstream, given: Any, fault: str) -> None:
    async with Peer() as peer:
        report = await asked(upstream, peer.origin, **given)
    assert (report.fault, report.outcome, peer.requests) == (fault, Outcome.CALLER_FAULT, [])


def test_many_are_asked_at_once_and_each_is_told_as_it_comes() -> None:
    told: list[Report] = []
    with Simulator() as simulator:
        good = provider(simulator.base_url)
        bad = replace(good, id=2, api_base="http://127.0.0.1:1")
        reports = check.run([(bad, None), (good, None)], on_report=told.append, timeout_seconds=5)
    assert [report.is_ok for report in reports] == [False, True]
    assert {report.provider.id for report in told} == {1, 2}


def test_it_runs_beside_a_running_loop() -> None:
    """As the console does: in a thread of its own."""
    found: list[list[Report]] = []

    async def main() -> None:
        thread = threading.Thread(target=lambda: found.append(check.run([])))
        thread.start()
        await asyncio.to_thread(thread.join)

    asyncio.run(main())
    assert found == [[]]


@pytest.mark.parametrize(
    ("keys", "is_ok", "words"),
    [
        (("sk-good", "sk-bad"), True, "Its 2 keys were asked; refused: number 2."),
        (("sk-bad", "sk-good", "sk-worse"), True, "Its 3 keys were asked; refused: number 1, 3."),
        (("sk-good", "sk-good"), True, "It lists"),
        (("sk-bad", "sk-worse"), False, "refuses the API key"),
    ],
)
async def test_each_of_several_keys_is_tried(
    upstream: Upstream, keys: tuple[str, ...], is_ok: bool, words: str
) -> None:
    async with Simulator(api_key="sk-good") as simulator:
        given = {"api_key": keys[0], "extra_api_keys": keys[1:]}
        report = await asked(upstream, simulator.base_url, **given)
        assert len(simulator.requests) == len(keys)
    assert (report.is_ok, words in report.words, "refused: number" in report.words) == (
        is_ok, True, "number" in words,
    )  # fmt: skip
    assert (report.provider.api_key, "sk-" in report.words) == (keys[0], False)
