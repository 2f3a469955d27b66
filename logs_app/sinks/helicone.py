"""Helicone: one request for each call, several at a time over kept connections.

User, session and properties are headers for it. Newer servers read them of the request, older ones of `meta`
in the body; it gets both. What the client itself said in headers of Helicone's stays as it said it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from django.utils.translation import gettext as _

from logs_app import jsontext
from logs_app.events import Event
from logs_app.sinks import content, options
from logs_app.sinks.client import Client, address
from logs_app.sinks.sink import DELIVERED, Delivery, Refused, Sink, Target, Unreachable

API = "https://api.worker.helicone.ai"
CONNECTIONS = 8
CANCELLED = -3  # as its own libraries say it
NO_ANSWER, HALF_AN_ANSWER = 503, 502
OF_OPENAI = re.compile(r"(gpt-|chatgpt-|o\d|text-embedding-|davinci|babbage|tts-|whisper-|dall-e)")
# Of the client's own headers, those that describe a call and do not steer Helicone's proxy.
TAKEN_OVER = re.compile(r"helicone-(session-(path|name)|prompt-id|property-[\w-]+)", re.IGNORECASE)
PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


class HeliconeSink(Sink):
    name: ClassVar[str] = "helicone"
    wants_raw: ClassVar[bool] = True

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        options.check(target)
        key = options.key(target, _("a Helicone API key"))
        url = address(target.endpoint, API, "")
        self._is_whole = url.endswith("/log")
        self._client = Client(url, {"authorization": f"Bearer {key}"}, secret=key, connections=CONNECTIONS)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="helicone")

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        """Those that did not arrive while others did come again; when none did, the place is away."""
        results = list(self._threads.map(self._send, events))
        away = [result for result in results if isinstance(result, Unreachable)]
        if away and len(away) == len(results):
            raise away[0]
        return [_delivery(result) for result in results]

    def _send(self, event: Event) -> Delivery | Unreachable:
        if not content.is_of_model(event):
            return DELIVERED
        described = _headers(event)
        path = "" if self._is_whole else _path(event)
        try:
            self._client.post(jsontext.dumps(_document(event, described)), described, path=path)
        except Unreachable as error:
            return error
        except Refused as error:
            return Delivery("refused", str(error))
        return DELIVERED

    def close(self) -> None:
        self._threads.shutdown()
        self._client.close()


def _delivery(result: Delivery | Unreachable) -> Delivery:
    if isinstance(result, Unreachable):
        return Delivery("retry", str(result), result.after_seconds)
    return result


def _path(event: Event) -> str:
    """Which prices it looks up."""
    if event.endpoint.startswith("/v1/messages"):
        return "/anthropic/v1/log"
    return "/oai/v1/log" if OF_OPENAI.match(content.model(event)) else "/custom/v1/log"


def _document(event: Event, described: dict[str, str]) -> dict[str, Any]:
    request = None if event.request.is_withheld else event.request.body
    return {
        "providerRequest": {
            "url": "custom-model-nopath",
            "json": request if isinstance(request, dict) else {"model": event.model, "input": request},
            "meta": described,
        },
        "providerResponse": {
            "headers": dict(event.response.headers),
            "status": _status(event),
            **_answer(event),
        },
        "timing": _timing(event),
    }


def _answer(event: Event) -> dict[str, Any]:
    """A stream as text, which Helicone puts together itself."""
    if event.is_streaming and event.response.raw:
        return {"json": {}, "textBody": event.response.raw}
    body = None if event.response.is_withheld else event.response.body
    if isinstance(body, dict):
        return {"json": body}
    if isinstance(body, str):
        return {"json": {}, "textBody": body}
    usage = {name: value for name, value in event.usage.items() if value is not None}
    return {"json": {"model": content.model(event), "usage": usage, "error": event.error_message or None}}


def _status(event: Event) -> int:
    """Half an answer is no success, although it began with 200."""
    if event.outcome == "client_disconnected":
        return CANCELLED
    if event.status_code is None:
        return NO_ANSWER
    return HALF_AN_ANSWER if event.is_error and event.status_code < 400 else event.status_code


def _timing(event: Event) -> dict[str, Any]:
    timing: dict[str, Any] = {
        "startTime": _moment(event.created_at),
        "endTime": _moment(max(event.finished_at, event.created_at)),
    }
    if event.ttft_ms is not None:
        timing["timeToFirstToken"] = round(event.ttft_ms)
    return timing


def _moment(moment: datetime) -> dict[str, int]:
    milliseconds = int(moment.timestamp() * 1000)
    return {"seconds": milliseconds // 1000, "milliseconds": milliseconds % 1000}


def _headers(event: Event) -> dict[str, str]:
    said = {
        "Helicone-Request-Id": event.id,
        "Helicone-User-Id": event.end_user,
        "Helicone-Session-Id": event.session,
        "Helicone-Property-Project": event.project,
        "Helicone-Property-Key": event.key_name,
        "Helicone-Property-Provider": event.provider,
        "Helicone-Property-Outcome": event.outcome,
        "Helicone-Property-Tags": ",".join(event.tags),
    }
    own = {name.title(): value for name, value in event.request.headers.items() if TAKEN_OVER.fullmatch(name)}
    return {name: quote(value, safe=PRINTABLE) for name, value in (said | own).items() if value}
