"""The call itself: through the lane of this process, by a key that is known already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from django.http import StreamingHttpResponse

from proxy import runtime, views
from proxy.configuration.configuration import Key
from proxy.delivery.delivery import Delivery, RelayResponse
from proxy.exchange import Exchange
from proxy.playground.question import PATH, Question
from proxy.replay import originals
from proxy.replay.calling import Whole
from proxy.request import parsing
from proxy.runtime import Runtime

LINEAGE = "playground"
# What the page shows or needs to read the answer; the rest is in the record.
_PASSED_ON = {
    "content-encoding", "content-type", "retry-after", "server-timing", "x-accel-buffering", "x-relay-model",
    "x-relay-provider", "x-relay-request-id",
}  # fmt: skip


async def send(question: Question, username: str, client_ip: str | None) -> StreamingHttpResponse:
    """The answer as it comes. Raises Refused when there is no such key or provider."""
    lane = await runtime.current()
    key = await find_key(question.key, lane)
    originals.check_provider(question.provider, lane.snapshots.current)
    body = orjson.dumps(question.body)
    exchange = Exchange(lane.journal, parsing.read_head(_scope(len(body), username, client_ip)))
    exchange.key, exchange.only_provider, exchange.lineage = key, question.provider, LINEAGE
    return _passed_on(await views.answer(exchange, Whole(body), lane))


async def find_key(wanted: str, lane: Runtime) -> Key:
    """A key that was made a moment ago is looked for once more."""
    if all(f"{key.kind}:{key.id}" != wanted for key in lane.snapshots.current.keys.values()):
        await lane.snapshots.refresh()
    return originals.named_key(wanted, lane.snapshots.current)


def _scope(length: int, username: str, client_ip: str | None) -> dict[str, Any]:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % length),
        (b"x-relay-tags", LINEAGE.encode()),
    ]
    if username.isascii() and username.isprintable():
        headers.append((b"x-relay-user", username.encode()))
    return {
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "headers": headers,
        "client": (client_ip, 0) if client_ip else None,
    }


def _passed_on(answer: RelayResponse) -> StreamingHttpResponse:
    headers = {name: value for name, value in answer.headers.items() if name.lower() in _PASSED_ON}
    response = StreamingHttpResponse(
        _parts(answer.delivery), status=answer.status_code, headers=headers | {"cache-control": "no-store"}
    )
    # Django closes from another thread, and the parts may never have been asked for.
    close = asyncio.get_running_loop().call_soon_threadsafe
    response._resource_closers.append(lambda: close(answer.delivery.close))  # type: ignore[attr-defined]
    return response


async def _parts(delivery: Delivery) -> AsyncIterator[bytes]:
    try:
        async for part in delivery.parts():
            yield part
    finally:
        delivery.close()
