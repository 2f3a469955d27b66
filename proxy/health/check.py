"""Asks a provider whether it can be used: for the list of its models, which costs nothing, or for one token.

Of all ways to fail the report tells in words. It calls what is configured, through the same client, types
and rules of addresses as the lane.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.utils.translation import gettext as _

from .. import headers, provider_types
from ..configuration.configuration import Provider
from ..errors import RelayError, UpstreamError
from ..request import endpoints
from ..sending import addresses
from ..sending.upstream import Upstream
from . import diagnosis
from .breaker import Outcome
from .diagnosis import Diagnosis

TIMEOUT_SECONDS = 10.0
SLOW_SECONDS = 5.0
CONCURRENCY = 20
_MOST_BYTES = 4 * 1024 * 1024
_PLAIN = [(b"accept", b"application/json"), (b"accept-encoding", b"identity")]
# The model is asked for one token; None asks for the list of models.
Question = tuple[Provider, str | None]
_MESSAGES = endpoints.find("/v1/messages")


@dataclass(frozen=True, slots=True)
class Report:
    """`fault` is empty for a provider that can be used; `words` may still have something to say of it."""

    provider: Provider
    fault: str
    words: str
    outcome: Outcome
    status: int | None = None
    latency_ms: int = 0
    models: tuple[str, ...] = ()  # that it lists

    @property
    def is_ok(self) -> bool:
        return not self.fault


def run(
    questions: Sequence[Question],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    concurrency: int = CONCURRENCY,
    on_report: Callable[[Report], None] = lambda report: None,
) -> list[Report]:
    """All at once, for a thread without a loop; the reports are in the order of the questions."""
    return asyncio.run(_run(questions, timeout_seconds, concurrency, on_report))


async def check(
    provider: Provider,
    upstream: Upstream,
    *,
    model: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    may_cost: bool = True,
) -> Report:
    """Lists the models. One that has no list is asked for a token of a model it maps, if that `may_cost`."""
    if found := _unusable(provider):
        return Report(provider, found.fault, found.words, found.outcome)
    asking = _Asking(provider, upstream, timeout_seconds)
    if model is not None:
        return await asking.ask(model)
    report = await asking.ask(None)
    if may_cost and provider.extra_api_keys:
        return await _of_all_keys(provider, report, upstream, timeout_seconds)
    known = next(iter(mapped(provider)), None)
    if may_cost and known and report.fault in ("not_found", "list_refused", "refused", "not_an_api"):
        return await asking.ask(known)
    if not may_cost and report.fault in ("not_found", "list_refused"):
        words = _("It answers; it has no list of models for this key.")
        return Report(provider, "", words, report.outcome, report.status, report.latency_ms)
    return report


async def _run(
    questions: Sequence[Question],
    timeout_seconds: float,
    concurrency: int,
    on_report: Callable[[Report], None],
) -> list[Report]:
    hosts = addresses.allowed_hosts(provider for provider, _ in questions)
    upstream, places = Upstream(allows_internal=hosts.__contains__), asyncio.Semaphore(concurrency)

    async def one(provider: Provider, model: str | None) -> Report:
        async with places:
            report = await check(provider, upstream, model=model, timeout_seconds=timeout_seconds)
        on_report(report)
        return report

    try:
        return await asyncio.gather(*(one(provider, model) for provider, model in questions))
    finally:
        await upstream.aclose()


async def _of_all_keys(
    provider: Provider, first: Report, upstream: Upstream, timeout_seconds: float
) -> Report:
    """The report of a key that is let in, and which are not."""
    others = [replace(provider, api_key=key, extra_api_keys=()) for key in provider.extra_api_keys]
    askings = [_Asking(other, upstream, timeout_seconds) for other in others]
    reports = [first, *await asyncio.gather(*(asking.ask(None) for asking in askings))]
    refused = [number for number, report in enumerate(reports, 1) if report.fault == "key_refused"]
    best = next((report for report in reports if report.is_ok), first)
    if refused and best.is_ok:
        numbers = ", ".join(map(str, refused))
        words = _("%(words)s Its %(count)s keys were asked; refused: number %(numbers)s.") % {
            "words": best.words,
            "count": len(reports),
            "numbers": numbers,
        }
        best = replace(best, words=words)
    return replace(best, provider=provider)


def _unusable(provider: Provider) -> Diagnosis | None:
    """What can be told without asking."""
    if provider.error:
        return Diagnosis("unusable", provider.error, Outcome.CALLER_FAULT)
    try:
        kind = provider_types.of(provider)
    except provider_types.UnknownType as error:
        return Diagnosis("unusable", str(error), Outcome.CALLER_FAULT)
    if kind.needs_key(provider) and not provider.api_key:
        return Diagnosis("key_missing", _("It has no API key."), Outcome.CALLER_FAULT)
    return None


class _Asking:
    """To one provider; the deadline is of each call."""

    def __init__(self, provider: Provider, upstream: Upstream, timeout_seconds: float) -> None:
        self._provider = provider
        self._kind = provider_types.of(provider)
        self._upstream = upstream
        self._seconds = timeout_seconds

    async def ask(self, model: str | None) -> Report:
        began = time.monotonic()
        rest = "models" if model is None else self._rest()
        url = self._kind.url(self._provider, rest, "", model)
        status: int | None = None
        models: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(self._seconds):
                status, body, content_type = await self._call(url, model)
            found = diagnosis.of_status(status, body, url, model)
            if found is None and model is None:
                models, found = _listed(body, content_type, url)
        except (UpstreamError, RelayError, TimeoutError, OSError, ValueError) as error:
            found = diagnosis.of_error(error, url, self._seconds)
        latency_ms = round((time.monotonic() - began) * 1000)
        found = found or _usable(self._provider, model, models, latency_ms)
        words = self._masked(found.words)
        return Report(self._provider, found.fault, words, found.outcome, status, latency_ms, models)

    def _masked(self, words: str) -> str:
        """Some providers repeat the key they refuse."""
        key = self._provider.api_key
        return words.replace(key, "***") if key else words

    async def _call(self, url: str, model: str | None) -> tuple[int, bytes, str]:
        if model is None:
            return await self._send("GET", url, None)
        answer = await self._send("POST", url, _one_token(model, "max_tokens"))
        # Models that think know this limit under another name.
        if answer[0] == 400 and b"max_completion_tokens" in answer[1]:
            answer = await self._send("POST", url, _one_token(model, "max_completion_tokens"))
        return answer

    async def _send(self, method: str, url: str, body: bytes | None) -> tuple[int, bytes, str]:
        provider, kind = self._provider, self._kind
        plain = [*_PLAIN, (b"content-type", b"application/json")] if body else _PLAIN
        answer = await self._upstream.send(
            method,
            url,
            kind.headers(provider, list(plain)) + kind.credentials(provider, provider.api_key),
            body,
            connect_seconds=self._seconds,
            first_byte_seconds=self._seconds,
            idle_seconds=self._seconds,
        )
        try:
            data = await answer.read(_MOST_BYTES)
        finally:
            answer.close()
        content_type = headers.first(answer.headers, b"content-type").decode("latin-1")
        return answer.status, data, content_type

    def _rest(self) -> str:
        return "messages" if self._kind.is_home_of(_MESSAGES) else "chat/completions"


def _one_token(model: str, limit: str) -> bytes:
    return orjson.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}], limit: 1})


def _listed(body: bytes, content_type: str, url: str) -> tuple[tuple[str, ...], Diagnosis | None]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return (), diagnosis.no_list(body, content_type, url)
    rows = document.get("data") if isinstance(document, Mapping) else document
    if not isinstance(rows, list):
        return (), diagnosis.no_list(body, content_type, url)
    names = (row.get("id") for row in rows if isinstance(row, Mapping))
    return tuple(name for name in names if isinstance(name, str)), None


def _usable(provider: Provider, model: str | None, models: Sequence[str], latency_ms: int) -> Diagnosis:
    if model:
        words = _("It answers for the model '%(model)s'.") % {"model": model}
    else:
        words = _("It lists %(count)s models.") % {"count": len(models)}
    if missing := [name for name in mapped(provider) if models and name not in models]:
        words += _(" Not among them, though mapped: %(names)s.") % {"names": ", ".join(missing[:5])}
    if latency_ms > SLOW_SECONDS * 1000:
        words += _(" It is slow: %(seconds)s seconds.") % {"seconds": f"{latency_ms / 1000:.1f}"}
    return Diagnosis("", words, Outcome.SUCCESS if model else Outcome.REACHED)


def mapped(provider: Provider) -> list[str]:
    """The provider's own names that its mapping spells out."""
    targets = (_target(value) for value in provider.model_mapping.values())
    return [name for name in dict.fromkeys(targets) if name and not set("*\\") & set(name)]


def _target(value: Any) -> str:
    name = value.get("mapped_model") if isinstance(value, Mapping) else value
    return name if isinstance(name, str) else ""
