"""Lunary: a start and an end, or an error, for each call, many calls in one request.

It answers 200 also when it took nothing, and says of each what it did. A call that it has already is one that
was sent twice; the id is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from logs_app import jsontext
from logs_app.events import Event
from logs_app.sinks import content, options, portions
from logs_app.sinks.client import Client, address
from logs_app.sinks.sink import DELIVERED, Delivery, Sink, Target, Unreachable

API = "https://api.lunary.ai"
PATH = "/v1/runs/ingest"
RUNTIME = "llm-relay"
HAS_IT = "already exists"

Answers = dict[str, list[str]]  # by call, what went wrong


class LunarySink(Sink):
    name: ClassVar[str] = "lunary"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        options.check(target)
        key = options.key(target, _("the public or private key of a Lunary project"))
        url = address(target.endpoint, API, PATH)
        self._client = Client(url, {"authorization": f"Bearer {key}"}, secret=key)

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        told = [event for event in events if content.is_of_model(event)]
        answers: Answers = {}
        for portion in portions.cut(_pair(event) for event in told):
            answers |= self._send(b'{"events":[' + b",".join(portion) + b"]}")
        silent = {event.id for event in told} - answers.keys()
        return [_delivery(event, answers, silent) for event in events]

    def _send(self, body: bytes) -> Answers:
        said = self._client.post(body)
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list):
            raise Unreachable(f"{self._client.host} answered something that Lunary would not say.")
        answers: Answers = {}
        for result in results:
            faults = answers.setdefault(str(result.get("id")), [])
            error = str(result.get("error") or "no reason given")
            if not result.get("success") and HAS_IT not in error.lower():
                faults.append(error)
        return answers

    def close(self) -> None:
        self._client.close()


def _delivery(event: Event, answers: Answers, silent: set[str]) -> Delivery:
    if event.id in silent:
        return Delivery("retry", "Lunary said nothing about it.")
    if faults := answers.get(event.id):
        return Delivery("retry", f"Lunary did not take it: {'; '.join(faults)}")
    return DELIVERED


def _pair(event: Event) -> bytes:
    """An end is never before its start, whatever the clock did."""
    same = {"type": "llm", "runId": event.id, "name": content.model(event), "runtime": RUNTIME}
    start = same | {
        "event": "start",
        "timestamp": content.iso(event.created_at),
        "input": content.asked(event),
        "params": content.parameters(event),
        "tags": list(event.tags),
        "userId": event.end_user or None,
        "metadata": _known(content.about(event) | {"timeToFirstToken": event.ttft_ms}),
    }
    end = same | {"timestamp": content.iso(max(event.finished_at, event.created_at))} | _ending(event)
    return jsontext.dumps(_known(start)) + b"," + jsontext.dumps(_known(end))


def _ending(event: Event) -> dict[str, Any]:
    if event.is_error:
        error = {"message": content.failure(event), "stack": event.error_code or event.outcome}
        return {"event": "error", "error": error}
    usage = {
        "prompt": event.usage.get("prompt_tokens"),
        "completion": event.usage.get("completion_tokens"),
        "promptCached": event.usage.get("cached_tokens"),
    }
    return {"event": "end", "output": content.answered(event), "tokensUsage": _known(usage)}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
