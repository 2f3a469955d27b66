from __future__ import annotations

import pytest
from channels.testing import WebsocketCommunicator

from relay.asgi import websockets


@pytest.mark.parametrize("path", ["/v1/realtime?model=gpt-realtime", "/v1/responses", "/v1"])
async def test_a_websocket_of_the_api_is_closed_with_a_reason(path: str) -> None:
    client = WebsocketCommunicator(websockets, path)
    assert (await client.connect())[0]
    closed = await client.receive_output()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4501)
    assert "use HTTP" in closed["reason"]


async def test_any_other_websocket_is_refused() -> None:
    client = WebsocketCommunicator(websockets, "/elsewhere")
    assert await client.connect() == (False, 4404)
