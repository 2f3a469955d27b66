"""The list of models, cut to those that the key may use. The record keeps what the provider sent.

Failure policy: a list that cannot be understood is not passed on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

from .. import decoding, refusals
from ..access import policy
from ..configuration.configuration import Provider, Settings
from ..delivery import delivery
from ..delivery.bodies import Delivery
from ..delivery.delivery import RelayResponse
from ..errors import MidStream
from ..exchange import Exchange
from ..headers import first
from ..request import modelnames
from ..request.edits import Outgoing
from ..runtime import Runtime
from ..sending.upstream import Answer

LARGEST_BYTES = 16 * 1024 * 1024
_LISTS = ("models", "engines")
# What is no longer true of a list that was cut.
_OUTDATED = (b"content-length", b"content-encoding", b"etag", b"last-modified", b"accept-ranges")


def is_limited(exchange: Exchange, settings: Settings) -> bool:
    call, key = exchange.call, exchange.key
    if call.method != "GET" or key is None:
        return False
    last = call.path.rstrip("/").rpartition("/")[2].lower()
    if last not in _LISTS or modelnames.in_path(call.path):
        return False
    return policy.limits_models(key, settings)


async def passed_on(
    exchange: Exchange, runtime: Runtime, answer: Answer, provider: Provider, sent: Outgoing
) -> RelayResponse:
    """Of an answer with a list what is left of it; any other answer as it is."""
    if not 200 <= answer.status < 300:
        return delivery.passed_on(exchange, runtime, answer, provider, sent)
    provider_key = provider.provider_key
    whole = await _read(answer, provider_key)
    key, settings = exchange.key, runtime.snapshots.current.settings
    try:
        kept, hidden = cut(whole, lambda model: key is not None and policy.allows_model(model, key, settings))
    except ValueError as error:
        raise refusals.unreadable_models(provider_key) from error
    exchange.edits.append({"kind": "hide_models", "hidden": hidden})
    raw_headers = delivery.head_of(exchange, runtime, answer, provider_key)
    raw_headers = [header for header in raw_headers if header[0] not in _OUTDATED]
    raw_headers.append((b"content-length", b"%d" % len(kept)))
    exchange.answer(answer.status, raw_headers, provider_key)
    return RelayResponse(answer.status, raw_headers, CutList(exchange, runtime, whole, kept))


async def _read(answer: Answer, provider_key: str) -> bytes:
    try:
        body = await answer.read(LARGEST_BYTES)
        return decoding.decode(body, first(answer.headers, b"content-encoding"), LARGEST_BYTES)
    except MidStream as fault:
        raise fault.as_answer(provider_key) from fault
    except decoding.Undecodable as error:
        raise refusals.unreadable_models(provider_key) from error
    finally:
        answer.close()


class CutList(Delivery):
    def __init__(self, exchange: Exchange, runtime: Runtime, sent: bytes, kept: bytes) -> None:
        super().__init__(exchange, runtime)
        self._sent, self._kept = sent, kept

    async def parts(self) -> AsyncIterator[bytes]:
        self.exchange.take_part(self._sent)
        self.exchange.close()
        yield self._kept


def cut(body: bytes, allows: Callable[[str], bool]) -> tuple[bytes, int]:
    """The list without the models that are not allowed, and how many those were. Raises ValueError."""
    document = orjson.loads(body)
    models = document.get("data") if isinstance(document, dict) else None
    if not isinstance(models, list):
        raise ValueError("it is no list of models")
    kept = [model for model in models if (name := _name(model)) is not None and allows(name)]
    document["data"] = kept
    # Anthropic pages through its list with these two.
    for member, place in (("first_id", 0), ("last_id", -1)):
        if kept and document.get(member):
            document[member] = _name(kept[place])
    return orjson.dumps(document), len(models) - len(kept)


def _name(model: Any) -> str | None:
    name = model.get("id") if isinstance(model, dict) else None
    return name if isinstance(name, str) else None
