"""OpenTelemetry: OTLP over HTTP in JSON, one span for each call and one below it for each attempt.

A call belongs to the trace that its client named in `traceparent`; without one it is a trace of its own, by
its id. Ids are made of the record's, so a span that comes again is the same span.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from logs_app import jsontext
from logs_app.events import Event
from logs_app.sinks import content, genai, options
from logs_app.sinks.client import Client, address
from logs_app.sinks.sink import DELIVERED, Delivery, Refused, Sink, SinkError, Target

PATH = "/v1/traces"
SERVER, CLIENT, ERROR = 2, 3, 2  # kinds of spans, and a status
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
MOST_BITS = 63

Span = dict[str, Any]


class OtlpSink(Sink):
    """Options: `content`, whether prompts and answers go along (false); `service_name`; `key_header`, the
    header of the key. A key with a space, such as `Basic …`, is sent as it is, else as `Bearer`.
    """

    name: ClassVar[str] = "otlp"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        options.check(target, "content", "service_name", "key_header")
        if not target.endpoint:
            raise SinkError(_("Name the collector, such as http://localhost:4318."))
        self._with_content = options.flag(target, "content", False)
        self._service = options.text(target, "service_name", "llm-relay")
        header = options.text(target, "key_header", "authorization").lower()
        key = options.key(target, _("a key")) if target.api_key else ""
        is_bearer = header == "authorization" and " " not in key
        headers = {header: f"Bearer {key}" if is_bearer else key} if key else {}
        self._client = Client(address(target.endpoint, "", PATH), headers, secret=key)

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        """The answer does not say which spans are rejected: the batch is halved until it does."""
        said = self._client.post(jsontext.dumps({"resourceSpans": self._resources(events)}))
        partial = said.get("partialSuccess") or {} if isinstance(said, dict) else {}
        if rejected := int(partial.get("rejectedSpans") or 0):
            why = partial.get("errorMessage") or "no reason given"
            raise Refused(f"{self._client.host} rejected {rejected} spans: {why}.")
        return [DELIVERED] * len(events)

    def close(self) -> None:
        self._client.close()

    def _resources(self, events: Sequence[Event]) -> list[dict[str, Any]]:
        """One for each machine that recorded."""
        by_node: dict[str, list[Span]] = defaultdict(list)
        for event in events:
            by_node[event.node] += self._spans(event)
        scope = {"name": "llm-relay", "version": settings.VERSION}
        return [
            {
                "resource": {"attributes": _attributes(self._resource(node))},
                "scopeSpans": [{"scope": scope, "spans": spans}],
            }
            for node, spans in by_node.items()
        ]

    def _resource(self, node: str) -> dict[str, str]:
        return {"service.name": self._service, "service.instance.id": node}

    def _spans(self, event: Event) -> list[Span]:
        attributes = genai.attributes(event) | (genai.said(event) if self._with_content else {})
        trace, parent = _place(event)
        call = {
            "traceId": trace,
            "spanId": _span_id(event.id),
            "parentSpanId": parent,
            "name": genai.name(event),
            "kind": SERVER,
            "startTimeUnixNano": _nanos(event.created_at),
            "endTimeUnixNano": _nanos(max(event.finished_at, event.created_at)),
            "attributes": _attributes(attributes),
            "events": _first_token(event),
            "status": {"code": ERROR, "message": content.failure(event)} if event.is_error else {},
        }
        return [call, *(_attempt(event, trace, attempt) for attempt in event.attempts)]


def _place(event: Event) -> tuple[str, str]:
    """Its trace, and the span that it is below; empty where it is the first."""
    match = TRACEPARENT.fullmatch(event.request.headers.get("traceparent", ""))
    if match and int(match[1], 16) and int(match[2], 16):
        return match[1], match[2]
    if event.lineage == "processor":
        return uuid.UUID(event.parent).hex, _span_id(event.parent)
    return uuid.UUID(event.id).hex, ""


def _span_id(id: str) -> str:
    """The random half of it."""
    return uuid.UUID(id).hex[16:]


def _attempt(event: Event, trace: str, attempt: Mapping[str, Any]) -> Span:
    id = hashlib.blake2b(f"{event.id}:{attempt['number']}".encode(), digest_size=8).hexdigest()
    start = event.created_at + timedelta(milliseconds=attempt["started_ms"])
    lasted = attempt["latency_ms"]
    end = event.finished_at if lasted is None else start + timedelta(milliseconds=lasted)
    status = attempt["status_code"]
    failed = attempt["error"] or (str(status) if status is None or status >= 400 else "")
    attributes = {
        "gen_ai.provider.name": genai.provider(attempt["provider"]),
        "gen_ai.request.model": attempt["model"],
        "http.request.method": event.method,
        "http.response.status_code": status,
        "http.request.resend_count": attempt["number"] - 1 or None,
        "error.type": failed or None,
    }
    return {
        "traceId": trace,
        "spanId": id,
        "parentSpanId": _span_id(event.id),
        "name": f"{genai.operation(event)} {attempt['provider']}",
        "kind": CLIENT,
        "startTimeUnixNano": _nanos(start),
        "endTimeUnixNano": _nanos(max(end, start)),
        "attributes": _attributes({name: value for name, value in attributes.items() if value is not None}),
        "status": {"code": ERROR, "message": attempt["message"] or failed} if failed else {},
    }


def _first_token(event: Event) -> list[dict[str, Any]]:
    if event.first_token_at is None:
        return []
    return [{"timeUnixNano": _nanos(event.first_token_at), "name": "first_token"}]


def _nanos(moment: datetime) -> str:
    """64-bit numbers are texts in this JSON. Exact: no float has so many digits."""
    since = moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)
    return str((since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000)


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int() if value.bit_length() <= MOST_BITS:
            return {"intValue": str(value)}
        case float() | int():
            return {"doubleValue": float(value)}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
