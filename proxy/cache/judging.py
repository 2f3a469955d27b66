"""Which calls the cache keeps out of, and which answers it never keeps, whoever asks for it. Pure."""

from __future__ import annotations

import orjson

from logs_app import folding

from ..delivery.framing import dialect_of
from ..headers import RawHeaders, first, is_plain
from ..request import endpoints
from ..request.parsing import Call
from ..routing import stickiness
from ..sending import preamble

# Where the same question has the same answer for whoever wants it so.
ENDPOINTS = frozenset(
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        "/v1/embeddings",
        "/v1/moderations",
    }
)
_UNFINISHED = ("queued", "in_progress", "failed", "cancelled")
_ERROR_MARKS = (b'"error"', b"event: error", b"event:error")


def refusal_of(call: Call) -> str:
    """Why this call is none for the cache; empty where it may be one."""
    if call.method in ("GET", "HEAD"):
        return _refusal_of_get(call)
    if call.method != "POST" or call.endpoint.template not in ENDPOINTS:
        return "this endpoint is not cached"
    document = call.document
    if document is None or call.body is None:
        return "the relay cannot read the request"
    if document.get("store") is True or document.get("background") is True:
        return "its answer is kept by the provider"
    if call.endpoint.template == "/v1/responses" and document.get("store") is not False:
        return "its answer is kept by the provider unless it says store: false"
    tie = stickiness.tie_of(call)
    if tie is not None and tie.ids:
        return "it names what a provider keeps"
    return ""


def _refusal_of_get(call: Call) -> str:
    if call.body or call.upload is not None:
        return "a request with a body"
    if first(call.headers, b"range"):
        return "a part of an answer"
    if stickiness.tie_of(call) is not None:
        return "it asks for what a provider keeps"
    return ""


def may_hold(path: str) -> bool:
    """Whether an answer to GET of this path, one under /v1, may be stored at all."""
    endpoint = endpoints.find(path)
    is_read = not endpoint.methods or "GET" in endpoint.methods
    return is_read and path.count("/") > 1 and not stickiness.is_kept(path)


def is_bounded(headers: RawHeaders) -> bool:
    """Whether the transport can tell that a body was cut: one that ends with its connection looks whole."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


def refusal_of_answer(path: str, headers: RawHeaders, body: bytes, *, is_stream: bool) -> str:
    """Of one that came to its end, and whole as far as the transport knows."""
    if is_stream:
        return _refusal_of_stream(path, body)
    if not is_plain(headers) or b"json" not in first(headers, b"content-type"):
        return "" if is_bounded(headers) else "nobody can tell whether it is whole"
    return _refusal_of_json(body)


def _refusal_of_json(body: bytes) -> str:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "it is no JSON"
    if isinstance(document, dict):
        if document.get("error"):
            return "it tells an error"
        if document.get("object") == "response" and document.get("status") in _UNFINISHED:
            return "it is not finished"
    return ""


def _refusal_of_stream(path: str, body: bytes) -> str:
    """It is only looked into where it may speak of an error: a text cannot, its quotes are escaped."""
    if dialect_of(path) is not None and preamble.garbled(body) is not None:
        return "an event of it is not JSON"
    if not any(mark in body for mark in _ERROR_MARKS):
        return ""
    folder = folding.start(path, 200, "text/event-stream", True)
    folder.feed(body)
    folded = folder.finish()
    if folded.error or not folded.done:
        return "it tells an error"
    status = folded.body.get("status") if isinstance(folded.body, dict) else None
    return "it is not finished" if folded.kind == "response" and status in _UNFINISHED else ""
