"""What the traffic is mixed of: each kind sends a call and looks at what comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from bench import answers, bodies
from bench.answers import Wrong
from bench.bodies import Body
from bench.soak.calls import ERROR_EVENT, STATUS, WRONG, Call

CHAT, EMBEDDINGS, MODELS = "/chat/completions", "/embeddings", "/models"
STREAM = bodies.stream(20, 15)
BROKEN_STREAM = bodies.stream(20, 15, "cut=10")
LONG_STREAM = bodies.stream(400, 20)
LEAVES_AFTER_SECONDS = 0.4
SLOW_BYTES = 2_000_000
SLOW_BODY = bodies.chat(f"size={SLOW_BYTES}")
RENAMED_BYTES = 8  # where a mapping led to a longer name of the model, and back
SLOW_PIECE_BYTES, SLOW_PAUSE_SECONDS = 64 * 1024, 0.1
IMAGE = bodies.image(1_000_000)
QUESTIONS_ASKED_AGAIN = 40
# As a provider fails: the caller gets the same from whoever is asked next.
FAILING = {status: bodies.chat(f"status={status}") for status in (400, 429, 500, 503)}
EMBEDDING = Body(b'{"model": "text-embedding-3-small", "input": "', b'"}', 0, False)


class Trouble(Exception):
    def __init__(self, what: str, detail: str) -> None:
        super().__init__(what, detail)
        self.what, self.detail = what, detail


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `session` for all, `slow` with small buffers, and the keys of the moment."""

    base_url: str
    session: aiohttp.ClientSession
    slow: aiohttp.ClientSession
    key: Callable[[], str]
    withered: Callable[[], str]

    def post(self, call: Call, body: Body, tag: bytes, path: str = CHAT, **more: Any) -> Any:
        headers = self._headers(call, more.pop("key", None) or self.key()) | more.pop("headers", {})
        session = more.pop("session", self.session)
        return session.post(self.base_url + path, data=body.tagged(tag), headers=headers, **more)

    def get(self, call: Call, path: str) -> Any:
        return self.session.get(self.base_url + path, headers=self._headers(call, self.key()))

    def _headers(self, call: Call, key: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "x-request-id": call.client_id,
        }


def began(call: Call, answer: aiohttp.ClientResponse, status: int = 200) -> None:
    """The head is there."""
    call.status, call.id = answer.status, answer.headers.get("x-relay-request-id", "")
    if answer.status != status:
        raise Trouble(STATUS, f"{answer.status} in place of {status}")


async def chat(caller: Caller, call: Call, body: Body = bodies.BODIES["chat"]) -> None:
    await _ask(caller, call, body, bodies.tag(call.number))


async def image(caller: Caller, call: Call) -> None:
    await chat(caller, call, IMAGE)


async def stream(caller: Caller, call: Call) -> None:
    await _ask(caller, call, STREAM, bodies.tag(call.number))


async def asked_again(caller: Caller, call: Call) -> None:
    tag = bodies.tag(call.number % QUESTIONS_ASKED_AGAIN)
    await _ask(caller, call, bodies.BODIES["chat"], tag, headers={"x-relay-cache": "3600"})


async def _ask(caller: Caller, call: Call, body: Body, tag: bytes, **more: Any) -> None:
    async with caller.post(call, body, tag, **more) as answer:
        began(call, answer)
        text = await answer.read()
    if body.is_stream and b'data: {"error"' in text:
        raise Trouble(ERROR_EVENT, text[-200:].decode("utf-8", "replace"))
    try:
        answers.check(text, tag, body.chunks, body.is_stream)
    except Wrong as problem:
        raise Trouble(WRONG, str(problem)) from None


async def embeddings(caller: Caller, call: Call) -> None:
    async with caller.post(call, EMBEDDING, bodies.tag(call.number), EMBEDDINGS) as answer:
        began(call, answer)
        if not orjson.loads(await answer.read())["data"][0]["embedding"]:
            raise Trouble(WRONG, "no vector")


async def models(caller: Caller, call: Call) -> None:
    async with caller.get(call, MODELS) as answer:
        began(call, answer)
        if not orjson.loads(await answer.read())["data"]:
            raise Trouble(WRONG, "no models")


async def failing(caller: Caller, call: Call) -> None:
    """The provider's error is the caller's to see."""
    status = random.choice(list(FAILING))
    async with caller.post(call, FAILING[status], bodies.tag(call.number)) as answer:
        began(call, answer, status)
        if "error" not in orjson.loads(await answer.read()):
            raise Trouble(WRONG, "an error without words")


async def broken(caller: Caller, call: Call) -> None:
    """The provider breaks off: half an answer must not look whole."""
    async with caller.post(call, BROKEN_STREAM, bodies.tag(call.number)) as answer:
        began(call, answer)
        text = await answer.read()
    if b"[DONE]" in text or b'"error"' not in text:
        raise Trouble(WRONG, f"half a stream looks whole: {text[-200:]!r}")


async def leaving(caller: Caller, call: Call) -> None:
    async with caller.post(call, LONG_STREAM, bodies.tag(call.number)) as answer:
        began(call, answer)
        await answer.content.readany()
        await asyncio.sleep(random.uniform(0, LEAVES_AFTER_SECONDS))
        answer.close()


async def slow(caller: Caller, call: Call) -> None:
    """Takes its answer so slowly that the relay has to wait for it."""
    got = 0
    async with caller.post(call, SLOW_BODY, bodies.tag(call.number), session=caller.slow) as answer:
        began(call, answer)
        while piece := await answer.content.read(SLOW_PIECE_BYTES):
            got += len(piece)
            await asyncio.sleep(SLOW_PAUSE_SECONDS)
    if not SLOW_BYTES - RENAMED_BYTES <= got <= SLOW_BYTES:
        raise Trouble(WRONG, f"{got} bytes in place of {SLOW_BYTES}")


async def refused(caller: Caller, call: Call) -> None:
    """With a key that was revoked."""
    async with caller.post(
        call, bodies.BODIES["chat"], bodies.tag(call.number), key=caller.withered()
    ) as answer:
        began(call, answer, 401)
        await answer.read()


Perform = Callable[[Caller, Call], Awaitable[None]]
MIX: dict[str, tuple[float, Perform]] = {
    "chat": (40, chat),
    "stream": (20, stream),
    "asked again": (12, asked_again),
    "embeddings": (10, embeddings),
    "models": (7, models),
    "failing": (4, failing),
    "broken": (2, broken),
    "leaving": (3, leaving),
    "refused": (1, refused),
    "slow": (0.5, slow),
    "image": (0.5, image),
}
"""Name to share of the calls and what it does."""
SLEEPING = ("slow", "leaving")
"""They wait more than they work: left out where capacity is looked for."""
