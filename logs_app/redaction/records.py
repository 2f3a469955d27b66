"""A whole record, as the rows that are stored: new ones of the recorder, and old ones again.

Failure policy: what cannot be redacted is not stored. The record stays, without what was said, and says so.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

import orjson

from logs_app import payloads
from logs_app.assembly import columns, previews
from logs_app.assembly.bodies import UNPACKED
from logs_app.folding import Folded, facts

from . import documents, streams
from .redactor import Redactor
from .streams import Split

# Moves with every change that would redact an old record differently.
VERSION = 1
# What a client may write beside the prompt; `path` and `query` are percent-encoded.
TEXTS = (
    "request_id",
    "client_request_id",
    "session",
    "end_user",
    "trace_id",
    "error_code",
    "error_message",
    "model",
    "model_sent",
    "model_served",
    "client_ip",
)
TEXTS_OF_ATTEMPTS = ("model", "error", "message")
CONTENT = ("request_body", "request_sent", "response_body", "response_raw")
CONTENT_TYPES = ("request_content_type", "response_content_type")
CUTS = ("request_cut", "request_sent_cut", "response_cut")
WITHHELD = "What was said could not be redacted ({reason}) and was not stored."
UNREADABLE = "The {side} is in an encoding that cannot be read, so it was not stored."
SPLIT = "The answer has secrets spread over events that cannot be put together; it was not stored."
READABLE = UNPACKED | {"", "identity"}

Row = dict[str, Any]

log = logging.getLogger(__name__)


def redact(redactor: Redactor, record: Row, payload: Row, attempts: list[Row]) -> None:
    """Rows as `assembly` makes them: bodies packed, lists and objects as JSON text."""
    try:
        _redact(redactor, record, payload, attempts)
    except Exception as error:
        # Without its words, which may quote what it stumbled over.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("Record %s could not be redacted: %r in %s", record["id"], type(error), place)
        _withhold(record, payload, attempts, type(error).__name__)
    record["redaction_version"] = VERSION
    record["redactions"] = columns.json_text(redactor.counts)


def _redact(redactor: Redactor, record: Row, payload: Row, attempts: list[Row]) -> None:
    _drop_unreadable(record, payload)
    request = _body(redactor, payload, "request_body", "request_cut", payload["request_content_type"])
    if request is not None and record["request_preview"]:
        record["request_preview"] = _preview_of_request(request)
    _body(redactor, payload, "request_sent", "request_sent_cut", payload["request_content_type"])
    _answer(redactor, record, payload)
    for column in ("request_headers", "response_headers", "usage"):
        _packed(redactor, payload, column)
    for column in CONTENT_TYPES:
        payload[column] = redactor.text(columns.text(payload[column]))
    for column in TEXTS:
        record[column] = redactor.text(columns.text(record[column]), column)
    record["path"] = documents.path(redactor, columns.text(record["path"]))
    record["query"] = documents.query(redactor, columns.text(record["query"]))
    for column in ("tags", "edits"):
        record[column] = columns.json_text(redactor.body(orjson.loads(record[column]))[0])
    # An error may quote what it stumbled over.
    record["fold_error"] = redactor.text(record["fold_error"])
    for side in ("request", "response"):
        if payload[f"{side}_cut"] or payload[f"{side}_body"] is None:
            # Otherwise it is made of what was looked into already.
            record[f"{side}_preview"] = redactor.text(record[f"{side}_preview"])
    for attempt in attempts:
        for column in TEXTS_OF_ATTEMPTS:
            attempt[column] = redactor.text(columns.text(attempt[column]))


def _body(redactor: Redactor, payload: Row, column: str, cut_column: str, content_type: str) -> bytes | None:
    """Its new bytes; None when nothing was replaced."""
    content = payloads.unpack(payload[column])
    cut = payload[cut_column] and orjson.loads(payload[cut_column])
    if cut:
        redacted, head = documents.ends(redactor, content, cut["head"], content_type)
        payload[cut_column] = columns.json_text(cut | {"head": head})
    else:
        redacted = documents.document(redactor, content, content_type)
    if redacted is content or redacted == content:
        return None
    payload[column] = payloads.pack(redacted)
    return redacted


def _answer(redactor: Redactor, record: Row, payload: Row) -> None:
    content_type = payload["response_content_type"]
    if payload["response_raw"] is not None:
        _stream(redactor, record, payload)
        return
    content = _body(redactor, payload, "response_body", "response_cut", content_type)
    if content is not None and record["response_preview"]:
        record["response_preview"] = previews.of_response(_folded(content, record["path"]))


def _stream(redactor: Redactor, record: Row, payload: Row) -> None:
    """The bytes are written anew as soon as the object has a secret, or they have one beside it."""
    raw = payloads.unpack(payload["response_raw"])
    body = payloads.unpack_json(payload["response_body"])
    if type(body) is not dict:
        _stream_without_object(redactor, record, payload, raw)
        return
    redacted, is_changed = redactor.body(body)
    if not is_changed and not redactor.spans(raw.decode("utf-8", "surrogateescape")):
        return
    kind = facts.kind(redacted, record["endpoint"] or "")
    payload["response_body"] = payloads.pack_json(redacted)
    payload["response_raw"] = payloads.pack(streams.rebuilt(redactor, kind, redacted, raw))
    payload["response_cut"] = None
    if is_changed and record["response_preview"]:
        record["response_preview"] = previews.of_response(Folded(kind, redacted, error=facts.error(redacted)))


def _stream_without_object(redactor: Redactor, record: Row, payload: Row, raw: bytes) -> None:
    try:
        if payload["response_cut"]:
            raise Split
        payload["response_raw"] = payloads.pack(streams.redacted(redactor, raw))
    except Split:
        _say(record, SPLIT)
        payload["response_raw"] = payload["response_cut"] = None
        record["response_preview"] = ""


def _packed(redactor: Redactor, payload: Row, column: str) -> None:
    """Headers are pairs, whose names tell of secrets like the names of members do."""
    value = payloads.unpack_json(payload[column])
    if type(value) is list:
        redacted: Any = [[name, redactor.text(text, name)] for name, text in value]
        is_changed = redacted != value
    else:
        redacted, is_changed = redactor.body(value)
    if is_changed:
        payload[column] = payloads.pack_json(redacted)


def _drop_unreadable(record: Row, payload: Row) -> None:
    for side, names in (
        ("request", ("request_body", "request_sent")),
        ("response", ("response_body", "response_raw")),
    ):
        headers = dict(payloads.unpack_json(payload[f"{side}_headers"]) or ())
        if headers.get("content-encoding", "").strip().lower() in READABLE:
            continue
        if any(payload[name] for name in names):
            _say(record, UNREADABLE.format(side=side))
            for name in (*names, f"{side}_cut"):
                payload[name] = None


def _withhold(record: Row, payload: Row, attempts: list[Row], reason: str) -> None:
    for column in (*CONTENT, *CUTS, "request_headers", "response_headers", "usage"):
        payload[column] = None
    for column in (*TEXTS, "query", "request_preview", "response_preview"):
        record[column] = ""
    record["path"], record["tags"], record["edits"] = record["endpoint"], "[]", "[]"
    for attempt in attempts:
        attempt.update(dict.fromkeys(TEXTS_OF_ATTEMPTS, ""))
    _say(record, WITHHELD.format(reason=reason))


def _say(record: Row, words: str) -> None:
    record["fold_error"] = " ".join(filter(None, (record["fold_error"], words)))


def _preview_of_request(content: bytes) -> str:
    parsed = _parsed(content)
    return previews.of_request(parsed) if parsed is not None else ""


def _folded(content: bytes, path: str) -> Folded:
    parsed = _parsed(content)
    if parsed is None:
        return Folded("text", text=content[: 64 * 1024].decode("utf-8", "replace"))
    return Folded(facts.kind(parsed, path), parsed, error=facts.error(parsed))


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
