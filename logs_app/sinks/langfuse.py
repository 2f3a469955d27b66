"""Langfuse: a trace and a generation for each call, many calls in one request.

It answers 207 and says of each what it did. It keeps only one of the events with the same id, so one that
comes again changes nothing. The key is `public:secret`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from logs_app import jsontext
from logs_app.events import Event
from logs_app.sinks import content, options, portions
from logs_app.sinks.client import REFUSING, Client, address
from logs_app.sinks.sink import DELIVERED, Delivery, Sink, SinkError, Target, Unreachable

API = "https://cloud.langfuse.com"
PATH = "/api/public/ingestion"
LEVELS = {"completed": "DEFAULT", "client_disconnected": "WARNING"}

Answers = dict[str, Delivery]  # by the id of a part


class LangfuseSink(Sink):
    name: ClassVar[str] = "langfuse"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        options.check(target, "environment")
        self._environment = options.text(target, "environment", "")
        key = options.key(target, _("public:secret of a Langfuse project"))
        public, colon, secret = key.partition(":")
        if not (public and colon and secret):
            raise SinkError(
                _("The key is the public and the secret key with a colon between them."), "api_key"
            )
        basic = base64.b64encode(key.encode()).decode()
        url = address(target.endpoint, API, PATH)
        self._client = Client(url, {"authorization": f"Basic {basic}"}, secret=secret)

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        told = (event for event in events if content.is_of_model(event))
        answers: Answers = {}
        for portion in portions.cut(self._parts(event) for event in told):
            answers |= self._send(b'{"batch":[' + b",".join(portion) + b"]}")
        return [_delivery(event, answers) for event in events]

    def _send(self, body: bytes) -> Answers:
        said = self._client.post(body)
        if not isinstance(said, dict) or not isinstance(said.get("successes"), list):
            raise Unreachable(f"{self._client.host} answered something that Langfuse would not say.")
        taken = {str(each.get("id")): DELIVERED for each in said["successes"]}
        return taken | {str(each.get("id")): _fault(each) for each in said.get("errors") or ()}

    def close(self) -> None:
        self._client.close()

    def _parts(self, event: Event) -> bytes:
        now = content.iso(event.finished_at)
        asked, answered, about = content.asked(event), content.answered(event), content.about(event)
        same = {"input": asked, "output": answered, "metadata": about, "name": _name(event)}
        same |= {"environment": self._environment or None}
        trace = same | {
            "id": _trace(event),
            "timestamp": content.iso(event.created_at),
            "userId": event.end_user or None,
            "sessionId": event.session or None,
            "tags": list(event.tags),
        }
        parts = (
            {"id": f"{event.id}-trace", "type": "trace-create", "timestamp": now, "body": trace},
            {
                "id": f"{event.id}-generation",
                "type": "generation-create",
                "timestamp": now,
                "body": same | _generation(event),
            },
        )
        return b",".join(jsontext.dumps(part) for part in parts)


def _generation(event: Event) -> dict[str, Any]:
    is_child = event.lineage == "processor"
    return {
        "id": event.id,
        "traceId": _trace(event),
        "parentObservationId": event.parent if is_child else None,
        "startTime": content.iso(event.created_at),
        "completionStartTime": content.iso(event.first_token_at) if event.first_token_at else None,
        "endTime": content.iso(max(event.finished_at, event.created_at)),
        "model": content.model(event),
        "modelParameters": content.parameters(event),
        "usageDetails": _usage(event),
        "costDetails": None if event.cost is None else {"total": float(event.cost)},
        "level": LEVELS.get(event.outcome, "ERROR"),
        "statusMessage": content.failure(event) if event.is_error else None,
    }


def _trace(event: Event) -> str:
    """The client's, where it has one; else that of the call that it belongs to."""
    return event.trace_id or (event.parent if event.lineage == "processor" else event.id)


def _name(event: Event) -> str:
    return event.endpoint.removeprefix("/v1/").strip("/") or event.path


def _usage(event: Event) -> dict[str, int] | None:
    """Kinds that do not overlap, for Langfuse adds them up."""
    prompt, completion = event.usage.get("prompt_tokens"), event.usage.get("completion_tokens")
    if prompt is None and completion is None:
        return None
    cached, written = event.usage.get("cached_tokens") or 0, event.usage.get("cache_write_tokens") or 0
    reasoning = event.usage.get("reasoning_tokens") or 0
    details = {
        "input": max((prompt or 0) - cached - written, 0),
        "input_cached_tokens": cached,
        "input_cache_creation": written,
        "output": max((completion or 0) - reasoning, 0),
        "output_reasoning_tokens": reasoning,
        "total": event.usage.get("total_tokens") or (prompt or 0) + (completion or 0),
    }
    return {name: count for name, count in details.items() if count or name in ("input", "output", "total")}


def _delivery(event: Event, answers: Answers) -> Delivery:
    if not content.is_of_model(event):
        return DELIVERED
    for part in ("trace", "generation"):
        said = answers.get(f"{event.id}-{part}", Delivery("retry", "Langfuse said nothing about it."))
        if said.outcome != "delivered":
            return said
    return DELIVERED


def _fault(error: dict[str, Any]) -> Delivery:
    status = error.get("status")
    words = f"Langfuse answered {status}: {error.get('message') or error.get('error') or 'no reason given'}"
    return Delivery("refused" if status in REFUSING else "retry", words)
