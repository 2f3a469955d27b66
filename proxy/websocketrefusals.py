"""Websockets: what the relay says to those it does not serve."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer


class Refusal(AsyncWebsocketConsumer):
    """/v1/realtime and the websocket mode of /v1/responses. SDKs fall back to HTTP."""

    async def connect(self) -> None:
        await self.accept()  # a close code reaches the client only after the handshake
        await self.close(code=4501, reason="This relay does not serve realtime websockets yet; use HTTP.")


class Unknown(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.close(code=4404)
