"""Files that OpenAI's own tools take: requests for its batches, conversations for its fine-tuning.

Formats: platform.openai.com/docs/guides/batch and …/guides/supervised-fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logs_app.exporting.portions import Portion
from logs_app.exporting.wholerecords import line
from logs_app.models import LogRecord, Outcome
from logs_app.presentation import presentation

BATCHED = {
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/images/generations",
}
CHAT = "/v1/chat/completions"
# What a batch refuses: nobody listens while it runs.
_STREAMING = ("stream", "stream_options")
_TRAINED = ("tools", "parallel_tool_calls", "functions")
# What a message of an example may have; an answer has more.
_SAID = ("role", "content", "refusal", "name", "tool_calls", "function_call", "weight")


def batch_lines(portion: Portion) -> Iterator[bytes]:
    for record in portion:
        body = _request(record)
        if body is not None and record.method == "POST" and record.path in BATCHED:
            kept = {name: value for name, value in body.items() if name not in _STREAMING}
            yield line({"custom_id": str(record.pk), "method": "POST", "url": record.path, "body": kept})


def finetune_lines(portion: Portion) -> Iterator[bytes]:
    for record in portion:
        example = _example(record)
        if example is not None:
            yield line(example)


def _example(record: LogRecord) -> dict[str, Any] | None:
    """Of a chat that went well, its first answer."""
    if record.path != CHAT or record.outcome != Outcome.COMPLETED:
        return None
    request, answer = _request(record), _answer(record)
    if request is None or answer is None or not isinstance(request.get("messages"), list):
        return None
    given = {name: request[name] for name in _TRAINED if request.get(name)}
    return {"messages": [*request["messages"], answer], **given}


def _answer(record: LogRecord) -> dict[str, Any] | None:
    match presentation.response_body(record.payload):
        case {"choices": [{"message": {"role": "assistant"} as message}, *_]}:
            said = {name: message[name] for name in _SAID if message.get(name) is not None}
            return said if len(said) > 1 else None
    return None


def _request(record: LogRecord) -> dict[str, Any] | None:
    """None when it was no JSON object, or is not kept whole."""
    payload = record.payload
    body = None if payload.request_cut else presentation.request_body(payload)
    return body if isinstance(body, dict) and "base64" not in body else None
