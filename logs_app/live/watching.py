"""A page of the console that is kept up to date over a websocket.

The browser asks for each message with one of its own, so a slow one gets fewer and takes no memory.
Whoever loses the permission, or signs out, loses the socket within seconds.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from logs_app.live import admission
from logs_app.live.asking import ask

CHECK_SECONDS = 2.0
REFUSED, SIGNED_OUT, FORBIDDEN, UNUSABLE, FAULT = 4403, 4401, 4403, 4400, 1011
CODES = {"signed_out": SIGNED_OUT, "forbidden": FORBIDDEN}

log = logging.getLogger(__name__)


class Watching(AsyncWebsocketConsumer):
    """`watch` is what a subclass does until it returns; `asked` is what the browser said last."""

    async def connect(self) -> None:
        self._work: list[asyncio.Task[None]] = []
        self._is_asked = asyncio.Event()
        self.asked: Any = None
        self.request = admission.request_of(self.scope)
        if not admission.is_own(self.request):
            await self.close()  # before the handshake: HTTP 403
            return
        await self.accept()
        if await self._is_admitted():
            self._work = [asyncio.create_task(self._run()), asyncio.create_task(self._check())]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            self.asked = orjson.loads(text_data or b"null")
        except orjson.JSONDecodeError:
            self.asked = None
        self._is_asked.set()

    async def disconnect(self, code: int) -> None:
        for task in self._work:
            task.cancel()

    async def watch(self) -> None:
        raise NotImplementedError

    async def is_asked(self) -> None:
        """Returns when the browser is ready for the next message."""
        await self._is_asked.wait()

    async def tell(self, news: Any) -> None:
        await self.is_asked()
        self._is_asked.clear()
        await self.send(orjson.dumps(news).decode())

    async def _run(self) -> None:
        try:
            await self.watch()
        except Exception:
            log.exception("A page cannot be kept up to date any longer.")
            await self.close(FAULT, "Something failed; the log of the relay says what.")

    async def _check(self) -> None:
        is_admitted = True
        while is_admitted:
            await asyncio.sleep(CHECK_SECONDS)
            is_admitted = await self._is_admitted()

    async def _is_admitted(self) -> bool:
        try:
            reason = await ask(admission.admit, self.request)
        except DatabaseError:
            return bool(self._work)  # who was in may stay while nobody can be asked
        if reason:
            for task in self._work[:1]:
                task.cancel()
            await self.close(CODES[reason], reason)
        return not reason
