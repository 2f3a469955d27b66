"""The same view behind Django's own handler: what its test client sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import AsyncClient, override_settings

from proxy.simulator import Simulator
from tests.proxy.lanes import SECRET, Lane

AUTHORIZED = {"authorization": f"Bearer {SECRET}"}
PAYLOAD = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Through Django"}]}


@pytest.fixture
def client() -> AsyncClient:
    return AsyncClient(enforce_csrf_checks=True)


async def post(client: AsyncClient, path: str, payload: Any) -> Any:
    return await client.post(path, json.dumps(payload), content_type="application/json", headers=AUTHORIZED)


async def body_of(response: Any) -> bytes:
    return b"".join([part async for part in response])


async def test_a_call_is_answered_with_its_headers_and_body(
    lane: Lane, sim: Simulator, client: AsyncClient
) -> None:
    response = await post(client, "/v1/chat/completions", PAYLOAD)
    body = await body_of(response)
    assert response.status_code == 200
    assert "Through Django" in json.loads(body)["choices"][0]["message"]["content"]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-length"] == str(len(body))
    assert len(response.headers["x-relay-request-id"]) == 36
    assert sim.requests[0].json == PAYLOAD
    assert lane.record.outcome == "completed"


async def test_a_stream_comes_in_parts(lane: Lane, client: AsyncClient) -> None:
    response = await post(client, "/v1/chat/completions", {**PAYLOAD, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (await body_of(response)).endswith(b"data: [DONE]\n\n")
    assert lane.record.outcome == "completed"


async def test_an_upload_arrives_whole(lane: Lane, sim: Simulator, client: AsyncClient) -> None:
    content = bytes(range(256)) * 2000
    response = await client.post(
        "/v1/echo", content, content_type="application/octet-stream", headers=AUTHORIZED
    )
    await body_of(response)
    assert sim.requests[0].body == content


async def test_query_and_path_arrive(lane: Lane, sim: Simulator, client: AsyncClient) -> None:
    await body_of(await client.get("/v1/models/meta/llama:free?b=&a=%20", headers=AUTHORIZED))
    assert sim.requests[0].target == "/v1/models/meta/llama%3Afree?b=&a=%20"


async def test_errors_of_ours_look_the_same(lane: Lane) -> None:
    response = await AsyncClient().get("/v1/models")
    assert response.status_code == 401
    assert json.loads(await body_of(response))["error"]["code"] == "missing_api_key"


async def test_the_record_is_closed_when_nobody_reads_the_answer(lane: Lane, client: AsyncClient) -> None:
    response = await post(client, "/v1/chat/completions", {**PAYLOAD, "stream": True})
    response.close()
    assert lane.record.outcome == "client_disconnected"


@override_settings(MAX_REQUEST_BYTES=10)
async def test_the_size_is_bounded_here_too(lane: Lane, client: AsyncClient) -> None:
    response = await post(client, "/v1/chat/completions", PAYLOAD)
    assert response.status_code == 413
    await body_of(response)
