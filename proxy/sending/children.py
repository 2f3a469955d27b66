"""A call that the relay makes itself, on the way of somebody else's: an exchange of its own, with the other
one as its parent, limited by its tokens, given a provider and recorded like any other.

It takes no route, so that nothing it asks for asks again.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from accounts.budgets.budget import TOKENS
from logs_app import jsontext

from .. import decoding, errors, limits
from ..delivery import delivery
from ..delivery.bodies import Broken
from ..delivery.delivery import RelayResponse
from ..errors import RelayError
from ..exchange import Exchange
from ..headers import first
from ..processors.step import Document, Failed
from ..request import edits
from ..request.endpoints import find
from ..request.parsing import Call
from ..routing import routing
from ..runtime import Runtime
from . import attempts

LINEAGE = "processor"
PATH = "/v1/chat/completions"
LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
# What ties records together; nothing else of the caller's is the provider's business here.
_TIES = (b"traceparent", b"x-relay-session", b"x-relay-tags", b"x-relay-user")


async def ask(parent: Exchange, runtime: Runtime, request: Document, seconds: float) -> Document:
    """The answer's JSON object. Raises RelayError or Failed.

    In a task of its own, because an exchange is ended by cancelling its task; ended together with ours.
    """
    task = asyncio.get_running_loop().create_task(_asked(parent, runtime, request, seconds))
    try:
        return await task
    except RelayError:
        if parent.aborted_by is not None:  # the relay ends both, and the parent's task is told by its child
            raise asyncio.CancelledError from None
        raise


async def _asked(parent: Exchange, runtime: Runtime, request: Document, seconds: float) -> Document:
    child = Exchange(runtime.journal, _call(parent, request))
    child.parent, child.lineage = parent.request_id, LINEAGE
    child.key = parent.key
    runtime.enter(child)
    try:
        async with asyncio.timeout(seconds):
            return await _answer(child, runtime)
    except TimeoutError:
        late = errors.total_timeout(seconds)
        child.fail("failed", late)
        raise late from None
    except asyncio.CancelledError:
        child.break_off()
        if delivery.is_cancelled_by_relay(child):
            raise child.aborted_by or errors.stopping() from None
        raise
    finally:
        parent.has_reached_provider |= child.has_reached_provider
        child.close()
        runtime.leave(child)


async def _answer(child: Exchange, runtime: Runtime) -> Document:
    try:
        response = await _send(child, runtime)
    except RelayError as error:
        if child.is_open:
            child.fail("failed", error)
            await _read(delivery.own(child, runtime, error))
        raise
    body = await _read(response)
    model = child.call.model
    if response.status_code != 200:
        raise Failed(f"the model '{model}' answered with status {response.status_code}")
    try:
        encoding = first(response.raw_headers, b"content-encoding")
        answer = orjson.loads(decoding.decode(body, encoding, LARGEST_ANSWER_BYTES))
    except (ValueError, decoding.Undecodable):
        answer = None
    if not isinstance(answer, dict):
        raise Failed(f"the model '{model}' sent an answer that cannot be read")
    return answer


async def _send(child: Exchange, runtime: Runtime) -> RelayResponse:
    """From here on as in the pipeline, but for what its parent has passed already."""
    assert child.key is not None
    if budgets := tuple(budget for budget in child.key.budgets if budget.unit == TOKENS):
        await limits.take(child, budgets, runtime.limiter)
    outgoing = edits.begin(child.call, runtime.snapshots.current.settings)
    choice = await routing.choose(child, outgoing, runtime)
    child.open()
    return await attempts.send(child, choice, outgoing, runtime)


async def _read(response: RelayResponse) -> bytes:
    body = bytearray()
    try:
        async for part in response.delivery.parts():
            body += part
            if len(body) > LARGEST_ANSWER_BYTES:
                raise Failed("the model's answer is too long")
    except Broken as error:
        raise Failed("the model's answer broke off") from error
    finally:
        response.delivery.close()
    return bytes(body)


def _call(parent: Exchange, request: dict[str, Any]) -> Call:
    body = jsontext.dumps(request)
    ties = [header for header in parent.call.headers if header[0] in _TIES]
    return Call(
        method="POST",
        path=PATH,
        rest=PATH.removeprefix("/v1/"),
        query="",
        headers=[(b"content-type", b"application/json"), *ties],
        endpoint=find(PATH),
        client_ip=parent.call.client_ip,
        content_type="application/json",
        length=len(body),
        body=body,
        document=request,
        model=request["model"],
    )
