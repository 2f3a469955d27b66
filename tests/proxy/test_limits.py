"""Limits as a client of a running relay meets them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import openai
import pytest
from django.db import ConnectionHandler, connections

from accounts.models import Credential, Project
from proxy.simulator import Simulator
from relay.environment import databases
from tests.redisserver import redis_server
from tests.running import ROOT, Relay

MODEL = "gpt-4o"
Create = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def create(django_db_blocker: Any) -> Create:
    """Keys of these limits in one new project, in the database of a running relay."""

    async def create(
        relay: Relay, *limits: dict[str, int], project: dict[str, int] | None = None
    ) -> list[str]:
        with django_db_blocker.unblock():
            return await asyncio.to_thread(insert, relay, limits, project or {})

    return create


@contextmanager
def connected(settings: dict[str, Any]) -> Iterator[str]:
    alias = f"limits_{uuid.uuid4().hex}"
    connections.settings[alias] = ConnectionHandler({"default": settings}).settings["default"]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


def insert(relay: Relay, limits: tuple[dict[str, int], ...], project_limits: dict[str, int]) -> list[str]:
    url = relay.environ["DATABASE_URL"]
    if url:
        database = databases.configure("DATABASE_URL", url, ROOT, 0)
    else:
        database = databases.sqlite(relay.data_dir / "relay.db")
    secrets = [f"sk-{uuid.uuid4()}" for _ in limits]
    with connected(database) as alias:
        project = Project.objects.using(alias).create(name=f"project {uuid.uuid4()}", **project_limits)
        for secret, given in zip(secrets, limits, strict=True):
            key = Credential(name=secret, project=project, **given)
            key.set_secret(secret)
            key.save(using=alias)
    return secrets


@pytest.fixture
def relay(relay_server: Relay) -> Relay:
    return relay_server


@pytest.fixture(scope="module", params=["one worker", "two workers", "two workers and Redis"])
def each_relay(
    request: pytest.FixtureRequest, simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    with ExitStack() as stack:
        environ = {"WORKERS": "1" if request.param == "one worker" else "2"}
        if "Redis" in request.param:
            server = stack.enter_context(redis_server(tmp_path_factory.mktemp("redis")))
            environ["REDIS_URL"] = server.url
        relay = Relay(TARGET_BASE_URL=simulator.base_url, **environ)
        stack.callback(relay.remove)
        yield relay.start()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=200)) as client:
        yield client


def body(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


async def call(client: httpx.AsyncClient, relay: Relay, key: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    return await client.post(f"{relay.base_url}/chat/completions", headers=headers, json=body(**more))


async def status(client: httpx.AsyncClient, relay: Relay, key: str, **more: Any) -> int:
    """0 when there was no answer."""
    try:
        return (await call(client, relay, key, **more)).status_code
    except httpx.HTTPError:
        return 0


async def becomes(wanted: int, ask: Callable[[], Awaitable[int]]) -> None:
    async with asyncio.timeout(20):
        while await ask() != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def statuses(client: httpx.AsyncClient, relay: Relay, key: str, times: int) -> list[int]:
    answers = await asyncio.gather(*(call(client, relay, key) for _ in range(times)))
    return sorted(answer.status_code for answer in answers)


async def begin_stream(
    client: httpx.AsyncClient, relay: Relay, key: str, chunks: int = 200
) -> httpx.Response:
    """A stream of which the head has come."""
    request = client.build_request(
        "POST",
        f"{relay.base_url}/chat/completions",
        headers={"authorization": f"Bearer {key}"},
        json=body(f"[[sim chunks={chunks} delay=50]]", stream=True),
    )
    return await client.send(request, stream=True)


@pytest.mark.conformance("guarantee", 6)
async def test_of_a_hundred_calls_at_once_ten_pass_where_ten_may(
    create: Create,
    each_relay: Relay,
    client: httpx.AsyncClient,
    record_property: Callable[[str, object], None],
) -> None:
    key = (await create(each_relay, {"rate_limit_per_minute": 10}))[0]

    assert await statuses(client, each_relay, key, 100) == [200] * 10 + [429] * 90
    record_property("figure", "10 of 100 calls at once where 10 may: one worker, two, two with Redis")


@pytest.mark.conformance("guarantee", 6)
async def test_key_and_project_hold_together_and_a_refused_call_takes_nothing(
    create: Create, each_relay: Relay, client: httpx.AsyncClient
) -> None:
    limits = {"rate_limit_per_minute": 8}
    one, other = await create(each_relay, limits, limits, project={"rate_limit_per_minute": 10})

    assert await statuses(client, each_relay, one, 30) == [200] * 8 + [429] * 22
    assert await statuses(client, each_relay, other, 30) == [200] * 2 + [429] * 28
    refused = await call(client, each_relay, other)
    assert "the limit of project 'project " in refused.json()["error"]["message"]
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


async def test_per_second_no_more_pass_in_any_second_than_may(
    create: Create, each_relay: Relay, client: httpx.AsyncClient, simulator: Simulator
) -> None:
    key, mark = (await create(each_relay, {"rate_limit": 5}))[0], str(uuid.uuid4())
    ends_at = time.monotonic() + 2.5
    while time.monotonic() < ends_at:
        await asyncio.gather(*(call(client, each_relay, key, text=mark) for _ in range(5)))
    arrived = sorted(one.received_at for one in simulator.requests if mark.encode() in one.body)

    assert 10 <= len(arrived) <= 20
    # The way from the limit to the provider takes one call longer than another.
    assert all(later - earlier > 0.8 for earlier, later in zip(arrived, arrived[5:], strict=False))


async def test_a_refusal_has_openais_shape_and_says_when_to_come_again(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"rate_limit_per_minute": 1}))[0]
    await call(client, relay, key)
    refused = await call(client, relay, key)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (429, "rate_limit_exceeded", None)
    assert error["message"].startswith(
        f"Rate limit reached: the limit of key '{key}' is 1 requests per minute."
    )
    assert 50 <= int(refused.headers["retry-after"]) <= 60
    assert 50_000 < int(refused.headers["retry-after-ms"]) <= 60_000
    assert refused.headers["x-ratelimit-limit-requests"] == "1"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["x-ratelimit-reset-requests"].endswith("s")


async def test_on_messages_a_refusal_has_anthropics_shape(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"rate_limit_per_minute": 1}))[0]
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    for _ in range(2):
        answer = await client.post(
            f"{relay.base_url}/messages", headers=headers, json=body() | {"max_tokens": 50}
        )

    assert (answer.status_code, answer.json()["error"]["type"]) == (429, "rate_limit_error")


@pytest.mark.parametrize("limit", ["rate_limit", "rate_limit_per_minute", "tokens_per_minute"])
async def test_a_limit_of_0_blocks_and_nobody_is_to_try_again(
    create: Create, relay: Relay, client: httpx.AsyncClient, limit: str
) -> None:
    refused = await call(client, relay, (await create(relay, {limit: 0}))[0])

    assert refused.status_code == 429
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers and "retry-after-ms" not in refused.headers
    assert refused.json()["error"]["message"].startswith("Blocked: ")


async def test_no_streams_at_once_still_allows_whole_answers(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"max_concurrent_streams": 0}))[0]

    assert (await call(client, relay, key)).status_code == 200
    assert (await call(client, relay, key, stream=True)).status_code == 429


async def test_ours_replace_the_providers_headers_where_there_is_a_limit_and_only_there(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    free = await call(client, relay, relay.key)
    limited = await call(client, relay, (await create(relay, {"rate_limit": 77}))[0])

    assert limited.headers.get_list("x-ratelimit-limit-requests") == ["77"]
    assert limited.headers["x-ratelimit-remaining-requests"] == "76"
    assert limited.headers["x-ratelimit-reset-requests"] == "1s"
    # The provider's own count goes on meanwhile.
    assert limited.headers["x-ratelimit-limit-tokens"] == free.headers["x-ratelimit-limit-tokens"]
    assert len(limited.headers.get_list("x-ratelimit-remaining-tokens")) == 1
    assert free.headers["x-ratelimit-limit-requests"] != "77"


async def test_the_sdk_waits_as_it_is_told_and_succeeds(create: Create, relay: Relay) -> None:
    key = (await create(relay, {"rate_limit": 1}))[0]
    async with openai.AsyncOpenAI(base_url=relay.base_url, api_key=key, max_retries=2) as sdk:
        for _ in range(3):
            await sdk.chat.completions.create(**body())


async def test_tokens_are_reserved_and_settled(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"tokens_per_minute": 2000}))[0]
    # Until the recorder knows what the first used, its estimate stands.
    slow = {"text": "[[sim ttft=1000]]", "max_tokens": 1500}
    passed, refused = sorted(
        await asyncio.gather(*(call(client, relay, key, **slow) for _ in range(2))),
        key=lambda answer: answer.status_code,
    )
    assert (passed.status_code, refused.status_code) == (200, 429)
    assert passed.headers["x-ratelimit-limit-tokens"] == "2000"
    assert int(passed.headers["x-ratelimit-remaining-tokens"]) < 500
    assert int(refused.headers["retry-after"]) > 30

    await becomes(200, lambda: status(client, relay, key, max_tokens=1500))


async def test_a_call_that_alone_is_too_large_is_told_so(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    refused = await call(client, relay, (await create(relay, {"tokens_per_minute": 100}))[0], max_tokens=500)

    assert refused.status_code == 429
    assert refused.headers["x-should-retry"] == "false"
    assert refused.headers["x-ratelimit-remaining-tokens"] == "100"


async def test_tokens_of_a_call_that_failed_are_given_back(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"tokens_per_minute": 2000}))[0]
    failed = await call(client, relay, key, text="[[sim status=500]]", max_tokens=1500)
    assert failed.status_code == 500

    await becomes(200, lambda: status(client, relay, key, max_tokens=1500))


async def test_streams_one_after_another_never_meet_their_own_end(
    create: Create, each_relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(each_relay, {"max_concurrent_streams": 1}))[0]
    async with openai.AsyncOpenAI(base_url=each_relay.base_url, api_key=key, max_retries=0) as sdk:
        for _ in range(30):
            async for _ in await sdk.chat.completions.create(**body(stream=True)):
                pass


class Lingering:
    """A provider that says its last word and keeps the connection open."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any] | None] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        event = b"data: [DONE]\n\n"
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head + b"%x\r\n%b\r\n" % (len(event), event))
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_stream_is_over_with_its_last_event(
    create: Create, start_relay: Callable[..., Relay], client: httpx.AsyncClient
) -> None:
    provider = Lingering()
    listener = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    relay = await asyncio.to_thread(start_relay, TARGET_BASE_URL=f"http://127.0.0.1:{port}")
    (key,) = await create(relay, {"max_concurrent_streams": 1})
    streams = []
    for _ in range(3):
        streams.append(await begin_stream(client, relay, key))
        assert streams[-1].status_code == 200
        assert b"[DONE]" in await anext(streams[-1].aiter_raw())
    for stream in streams:
        await stream.aclose()
    await asyncio.gather(*filter(None, provider.tasks))
    listener.close()


async def test_a_client_that_leaves_frees_its_stream(
    create: Create, relay: Relay, client: httpx.AsyncClient
) -> None:
    key = (await create(relay, {"max_concurrent_streams": 1}))[0]
    stream = await begin_stream(client, relay, key)
    assert (await call(client, relay, key, stream=True)).status_code == 429
    await stream.aclose()

    await becomes(200, lambda: status(client, relay, key, stream=True))


async def test_the_streams_of_a_killed_worker_are_free(
    create: Create, start_relay: Callable[..., Relay], simulator: Simulator, client: httpx.AsyncClient
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    key = (await create(relay, {"max_concurrent_streams": 3}))[0]
    streams = [await begin_stream(client, relay, key) for _ in range(3)]
    assert (await call(client, relay, key, stream=True)).status_code == 429
    for pid in relay.pids("worker"):
        os.kill(pid, signal.SIGKILL)
    for stream in streams:
        with pytest.raises(httpx.HTTPError):
            await stream.aread()
        await stream.aclose()

    await becomes(200, lambda: status(client, relay, key, stream=True))


async def test_a_replaced_worker_keeps_its_streams_until_they_end(
    create: Create, start_relay: Callable[..., Relay], simulator: Simulator, client: httpx.AsyncClient
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, WORKERS="1")
    key = (await create(relay, {"max_concurrent_streams": 1}))[0]
    stream = await begin_stream(client, relay, key, chunks=2000)
    relay.signal(signal.SIGHUP)
    await asyncio.to_thread(relay.wait_for, "all processes are replaced", 60)
    async with httpx.AsyncClient(timeout=30) as other:
        assert await status(other, relay, key, stream=True) == 429
        await stream.aclose()
        await becomes(200, lambda: status(other, relay, key, stream=True))
