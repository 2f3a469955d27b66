"""Services that take events, as far as their published interfaces say what they take and answer.

Lunary: packages/backend/src/api/v1/runs/ingest.ts. Helicone: the manual logger's documentation and
worker/src/api/lib/logAsync. Langfuse: fern/apis/server/definition/ingestion.yml. OTLP: the JSON mapping of
opentelemetry/proto/collector/trace/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import orjson

from tests.receiver import Answer, Received

MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3,6})?Z$"
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
TEXT, NUMBER, COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer", "minimum": 0}
SCALAR = {"type": ["string", "number", "boolean"]}
WHEN = {"type": "string", "pattern": MOMENT}


def shape(required: str, *, closed: bool = True, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": not closed,
    }


def many(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


LUNARY = shape(
    "events",
    events=many(
        shape(
            "type event runId timestamp",
            type={"const": "llm"},
            event={"enum": ["start", "end", "error"]},
            runId={"type": "string", "pattern": UUID},
            name=TEXT,
            timestamp=WHEN,
            input={},
            output={},
            params={"type": "object"},
            tags=many(TEXT),
            userId=TEXT,
            userProps={"type": "object"},
            metadata={"type": "object", "additionalProperties": {"anyOf": [SCALAR, many(SCALAR)]}},
            runtime=TEXT,
            tokensUsage=shape("", prompt=COUNT, completion=COUNT, promptCached=COUNT),
            error=shape("message", message=TEXT, stack=TEXT),
        )
    ),
)
MOMENT_OF_HELICONE = shape("seconds milliseconds", seconds=COUNT, milliseconds=COUNT | {"maximum": 999})
HELICONE = shape(
    "providerRequest providerResponse timing",
    providerRequest=shape(
        "url json meta",
        url=TEXT,
        json={"type": "object"},
        meta={"type": "object", "additionalProperties": TEXT},
    ),
    providerResponse=shape(
        "headers status json",
        json={"type": "object"},
        textBody=TEXT,
        status={"type": "integer"},
        headers={"type": "object", "additionalProperties": TEXT},
    ),
    timing=shape(
        "startTime endTime",
        startTime=MOMENT_OF_HELICONE,
        endTime=MOMENT_OF_HELICONE,
        timeToFirstToken=COUNT,
    ),
)
OF_BOTH = {"id": TEXT, "name": TEXT, "input": {}, "output": {}, "metadata": {}, "environment": {}}
LANGFUSE = shape(
    "batch",
    batch=many(
        {
            "oneOf": [
                shape(
                    "id type timestamp body",
                    id=TEXT,
                    type={"const": "trace-create"},
                    timestamp=WHEN,
                    body=shape(
                        "id",
                        timestamp=WHEN,
                        userId={"type": ["string", "null"]},
                        sessionId={"type": ["string", "null"]},
                        tags=many(TEXT),
                        **OF_BOTH,
                    ),
                ),
                shape(
                    "id type timestamp body",
                    id=TEXT,
                    type={"const": "generation-create"},
                    timestamp=WHEN,
                    body=shape(
                        "id traceId",
                        traceId=TEXT,
                        parentObservationId={"type": ["string", "null"]},
                        startTime=WHEN,
                        endTime=WHEN,
                        completionStartTime={"anyOf": [WHEN, {"type": "null"}]},
                        model=TEXT,
                        modelParameters={"type": "object"},
                        usageDetails={"type": ["object", "null"], "additionalProperties": COUNT},
                        costDetails={"type": ["object", "null"], "additionalProperties": NUMBER},
                        level={"enum": ["DEBUG", "DEFAULT", "WARNING", "ERROR"]},
                        statusMessage={"type": ["string", "null"]},
                        **OF_BOTH,
                    ),
                ),
            ]
        }
    ),
)
VALUE: dict[str, Any] = {
    "oneOf": [
        shape("stringValue", stringValue=TEXT),
        shape("boolValue", boolValue={"type": "boolean"}),
        shape("intValue", intValue={"type": "string", "pattern": r"^-?\d{1,19}$"}),
        shape("doubleValue", doubleValue=NUMBER),
        shape("arrayValue", arrayValue=shape("values", values=many({"type": "object"}))),
    ]
}
ATTRIBUTES = many(shape("key value", key=TEXT, value=VALUE))
NANOS = {"type": "string", "pattern": r"^\d{19}$"}
SPAN = shape(
    "traceId spanId name kind startTimeUnixNano endTimeUnixNano",
    traceId={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    spanId={"type": "string", "pattern": "^[0-9a-f]{16}$"},
    parentSpanId={"type": "string", "pattern": "^([0-9a-f]{16})?$"},
    name=TEXT,
    kind={"enum": [1, 2, 3, 4, 5]},
    startTimeUnixNano=NANOS,
    endTimeUnixNano=NANOS,
    attributes=ATTRIBUTES,
    events=many(shape("timeUnixNano name", timeUnixNano=NANOS, name=TEXT, attributes=ATTRIBUTES)),
    status=shape("", code={"enum": [0, 1, 2]}, message=TEXT),
)
OTLP = shape(
    "resourceSpans",
    resourceSpans=many(
        shape(
            "resource scopeSpans",
            resource=shape("attributes", attributes=ATTRIBUTES),
            scopeSpans=many(
                shape("scope spans", scope=shape("name", name=TEXT, version=TEXT), spans=many(SPAN))
            ),
        )
    ),
)

# docs/gen-ai/gen-ai-input-messages.json of the conventions: known types of parts have their members.
PARTS = {
    "text": shape("type content", closed=False, content=TEXT),
    "tool_call": shape("type name", closed=False, name=TEXT),
    "tool_call_response": shape("type response", closed=False),
    "uri": shape("type modality uri", closed=False, uri={"type": "string", "pattern": "^(?!data:)"}),
    "blob": shape("type modality content", closed=False, content=TEXT),
}
MESSAGES = many(
    shape(
        "role parts",
        closed=False,
        role=TEXT,
        finish_reason=TEXT,
        parts=many(
            shape("type", closed=False, type=TEXT)
            | {
                "allOf": [
                    {"if": {"properties": {"type": {"const": name}}}, "then": part}
                    for name, part in PARTS.items()
                ]
            }
        ),
    )
)


def fault(schema: dict[str, Any], document: Any) -> str:
    found = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return "; ".join(f"{'/'.join(map(str, each.path))}: {each.message}" for each in found)


def said(status: int, document: Any) -> Answer:
    return Answer(status, orjson.dumps(document))


def guarded(schema: dict[str, Any], answer: Callable[[Received], Answer]) -> Callable[[Received], Answer]:
    """Without a key 401, with a body of another shape 400."""

    def service(received: Received) -> Answer:
        if "authorization" not in received.headers:
            return said(401, {"message": "no key"})
        if wrong := fault(schema, received.json):
            return said(400, {"message": wrong})
        return answer(received)

    return service


class Lunary:
    """A start whose run it has already is a failure, and no run is ended that was not started."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.refused: set[str] = set()
        self.service = guarded(LUNARY, self._ingest)

    def _ingest(self, received: Received) -> Answer:
        events = sorted(received.json["events"], key=lambda event: event["timestamp"])
        return said(200, {"results": [self._register(event) for event in events]})

    def _register(self, event: dict[str, Any]) -> dict[str, Any]:
        id = event["runId"]
        if id in self.refused:
            return {"id": id, "success": False, "error": "invalid input syntax"}
        if event["event"] == "start" and id in self.runs:
            words = "Run with this ID already exists in the database."
            return {"id": id, "success": False, "error": words}
        if event["event"] != "start" and id not in self.runs:
            return {"id": id, "success": False, "error": "an end without its start"}
        self.runs.setdefault(id, {})[event["event"]] = event
        return {"id": id, "success": True}


class Langfuse:
    """Keeps one of each id."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, int] = {}
        self.service = guarded(LANGFUSE, self._ingest)

    def _ingest(self, received: Received) -> Answer:
        successes, errors = [], []
        for event in received.json["batch"]:
            if status := self.faults.get(event["id"]):
                errors.append({"id": event["id"], "status": status, "message": "it is wrong"})
            else:
                self.kept[event["id"]] = event
                successes.append({"id": event["id"], "status": 201})
        return said(207, {"successes": successes, "errors": errors})


def helicone(received: Received) -> Answer:
    return guarded(HELICONE, lambda received: Answer(200, b"ok"))(received)


def collector(received: Received) -> Answer:
    said_wrong = (fault(MESSAGES, orjson.loads(text)) for text in _conversations(received.json))
    if wrong := fault(OTLP, received.json) or "; ".join(filter(None, said_wrong)):
        return said(400, {"code": 3, "message": wrong})
    return said(200, {})


def _conversations(document: Any) -> Iterator[str]:
    """Messages that are attributes of spans."""
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for attribute in (each for span in scope["spans"] for each in span["attributes"]):
                if attribute["key"].endswith(".messages"):
                    yield attribute["value"]["stringValue"]
