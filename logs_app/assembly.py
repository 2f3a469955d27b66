"""From the entries of an exchange to the rows of its record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from logs_app import columns, correlation, counting, payloads, previews, usage, withholding
from logs_app.bodies import Body
from logs_app.folding import Folded
from logs_app.folding.jsontext import loads
from logs_app.models import Attempt, LogPayload, LogRecord, Outcome
from logs_app.transcript import Meta, Piece, Transcript, first_header
from logs_app.usage import Usage

FOLD_VERSION = 1
# Longer requests are kept, but not taken apart for their user, preview and tokens.
PARSED_REQUEST_BYTES = 32 << 20
NO_USAGE = Usage()
LONGEST_REASON = 2000

Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """One exchange as columns by name. Ids are hex, moments datetimes; the transaction gives `seq`."""

    node: str
    record: Row
    payload: Row
    attempts: list[Row]
    reservation: Meta | None = None  # tokens that the lane took from limits, for `settling`

    @property
    def bytes(self) -> int:
        return sum(len(value) for value in self.payload.values() if type(value) is bytes)


def _text_columns(model: type[Model]) -> list[tuple[str, int | None]]:
    fields = model._meta.concrete_fields
    kinds = ("CharField", "TextField")
    return [(f.attname, f.max_length) for f in fields if f.get_internal_type() in kinds]


_RECORD_TEXTS = _text_columns(LogRecord)
_PAYLOAD_TEXTS = _text_columns(LogPayload)
_ATTEMPT_TEXTS = _text_columns(Attempt)


def assemble(id: bytes, node: str, pieces: Iterable[Piece], limit: int, *, fold_error: str = "") -> Rows:
    """With a `fold_error` the answer is kept and not folded: it could not be recorded otherwise."""
    transcript = Transcript(pieces, limit, may_fold=not fold_error)
    folded = transcript.finish()
    request = None if fold_error else _parse(transcript.request)
    headers = dict(reversed(transcript.opened.get("headers", ())))
    record = {
        "id": id.hex(),
        "node": node,
        "seq": 0,
        **_call(transcript.opened, headers),
        **_times(id, transcript),
        **_ties(id, transcript, headers, request),
        **_names(transcript, folded),
        **_end(transcript, folded),
        **_tokens(transcript, folded, request),
        **_sizes(transcript),
        "request_preview": previews.of_request(request) if request is not None else "",
        "response_preview": previews.of_response(folded) if folded is not None else "",
        "fold_version": FOLD_VERSION,
        "fold_error": (fold_error or _what_is_missing(transcript))[:LONGEST_REASON],
    }
    attempts = [_attempt(id, number, given) for number, given in enumerate(_attempts(transcript), 1)]
    payload = _payload(id, transcript, folded)
    withholding.withhold(transcript, record, payload)
    for row, texts in (
        (record, _RECORD_TEXTS),
        (payload, _PAYLOAD_TEXTS),
        *((a, _ATTEMPT_TEXTS) for a in attempts),
    ):
        for name, longest in texts:
            row[name] = columns.text(row[name], longest)
    return Rows(node, record, payload, attempts, transcript.opened.get("reservation"))


def _call(opened: Meta, headers: dict[str, str]) -> Row:
    key, project = opened.get("key") or {}, opened.get("project") or {}
    return {
        "method": opened.get("method"),
        "path": opened.get("path"),
        "query": opened.get("query"),
        "endpoint": opened.get("endpoint"),
        "client_ip": opened.get("client_ip"),
        "client_request_id": headers.get("x-request-id"),
        "key_id": key.get("id"),
        "key_kind": key.get("kind"),
        "key_name": key.get("name"),
        "key_prefix": key.get("prefix"),
        "project_id": project.get("id"),
        "project": project.get("name"),
    }


def _times(id: bytes, transcript: Transcript) -> Row:
    """Without its first entry an exchange still has the time in its id."""
    created_us = transcript.opened.get("created_us") or int.from_bytes(id[:6]) * 1000
    latency_us = transcript.closed.get("latency_us", transcript.last_us)
    return {
        "created_at": columns.moment(created_us),
        "finished_at": columns.moment(created_us + latency_us),
        "latency_ms": latency_us / 1000,
        "ttft_ms": columns.milliseconds(transcript.ttft_us),
    }


def _ties(id: bytes, transcript: Transcript, headers: dict[str, str], request: Any) -> Row:
    return {
        "request_id": first_header(transcript.answered, "x-request-id") or correlation.as_uuid(id),
        "session": headers.get("x-relay-session"),
        "end_user": correlation.end_user(headers, request),
        "tags": columns.json_text(correlation.tags(headers)),
        "parent": columns.uuid_hex(transcript.opened.get("parent")),
        "trace_id": correlation.trace_id(headers),
        "prompt_fingerprint": correlation.fingerprint(request),
    }


def _names(transcript: Transcript, folded: Folded | None) -> Row:
    sent = transcript.answered.get("model_sent")
    served = folded.model if folded is not None else None
    return {
        "model": transcript.opened.get("model") or sent or served,
        "model_sent": sent,
        "model_served": served,
        "provider": transcript.provider,
    }


def _end(transcript: Transcript, folded: Folded | None) -> Row:
    status = columns.status(transcript.status)
    code, message = transcript.closed.get("error_code"), transcript.closed.get("error_message")
    if code is None and folded is not None and folded.error is not None:
        code, message = _describe(folded.error)
    edits = transcript.closed.get("edits") or transcript.answered.get("edits") or []
    return {
        "status_code": status,
        "outcome": _outcome(transcript, folded, status),
        "finish_reason": folded.finish_reason if folded is not None else None,
        "error_code": code,
        "error_message": message,
        "repeats": columns.count(transcript.closed.get("count")) or 1,
        "edits": columns.json_text(edits),
        "is_streaming": bool(transcript.opened.get("is_streaming")) or transcript.is_event_stream,
        "is_cached": False,
    }


def _outcome(transcript: Transcript, folded: Folded | None, status: int | None) -> str:
    """The lane knows how the transport ended; an error status or an error in a stream is a failure too."""
    outcome = transcript.closed.get("outcome")
    if outcome is None:
        outcome = Outcome.COMPLETED if _is_whole(transcript, folded) else Outcome.INTERRUPTED
    if outcome == Outcome.COMPLETED and (
        (status or 0) >= 400 or (folded is not None and folded.error is not None)
    ):
        outcome = Outcome.FAILED
    return str(outcome)


def _is_whole(transcript: Transcript, folded: Folded | None) -> bool:
    """The worker died before it said how this ended; the parts may prove that the message was whole."""
    length = first_header(transcript.answered, "content-length")
    if length.isdecimal():
        return int(length) == transcript.response.wire_bytes
    return folded is not None and folded.done and folded.body is not None


def _describe(error: Any) -> tuple[Any, Any]:
    if type(error) is not dict:
        return None, error
    return error.get("code") or error.get("type"), error.get("message")


def _tokens(transcript: Transcript, folded: Folded | None, request: Any) -> Row:
    used = None
    if folded is not None:
        used = usage.normalise(folded.usage)
        if used is None and (transcript.status or 0) < 400:
            used = counting.estimate(request, folded)
    used = used or NO_USAGE
    return {
        "prompt_tokens": columns.count(used.prompt),
        "completion_tokens": columns.count(used.completion),
        "total_tokens": columns.count(used.total),
        "cached_tokens": columns.count(used.cached),
        "cache_write_tokens": columns.count(used.cache_write),
        "reasoning_tokens": columns.count(used.reasoning),
        "audio_tokens": columns.count(used.audio),
        "usage_estimated": used.estimated,
        "cost_nanos": None,
    }


def _sizes(transcript: Transcript) -> Row:
    request_dropped, response_dropped = transcript.dropped
    return {
        "request_bytes": transcript.request.wire_bytes + request_dropped,
        "response_bytes": transcript.response.wire_bytes + response_dropped,
    }


def _what_is_missing(transcript: Transcript) -> str:
    """In words, for the record's page; empty when everything is there."""
    said = []
    for name, body, dropped in zip(
        ("request", "answer"), (transcript.request, transcript.response), transcript.dropped, strict=True
    ):
        if dropped:
            said.append(f"The disk was full: {dropped} bytes of the {name} were not recorded.")
        if body.error:
            said.append(f"The {name} could not be read: {body.error}.")
    if not transcript.opened:
        said.append("The beginning of this exchange was not found in the journal.")
    return " ".join(said)


def _attempts(transcript: Transcript) -> list[Meta]:
    """A worker that died told of its attempts only that one of them answered."""
    if transcript.closed or not transcript.answered.get("provider"):
        return transcript.closed.get("attempts") or []
    return [{"provider": transcript.provider, "status": transcript.status, "error": None}]


def _attempt(id: bytes, number: int, given: Meta) -> Row:
    return {
        "record_id": id.hex(),
        "number": number,
        "provider": given.get("provider"),
        "status_code": columns.status(given.get("status")),
        "error": given.get("error"),
        "started_ms": columns.milliseconds(given.get("started_us")) or 0.0,
        "latency_ms": columns.milliseconds(given.get("latency_us")),
    }


def _payload(id: bytes, transcript: Transcript, folded: Folded | None) -> Row:
    request, response = transcript.request, transcript.response
    row = {
        "record_id": id.hex(),
        "request_headers": payloads.pack_json(transcript.opened.get("headers")),
        "request_body": payloads.pack(request.content),
        "request_content_type": first_header(transcript.opened, "content-type"),
        "request_cut": request.cut and columns.json_text(request.cut),
        "response_headers": payloads.pack_json(transcript.answered.get("headers")),
        "response_content_type": first_header(transcript.answered, "content-type"),
        "response_cut": response.cut and columns.json_text(response.cut),
        "usage": payloads.pack_json(folded.usage) if folded is not None else None,
        "timings": payloads.pack_timings(transcript.timings),
    }
    if transcript.is_event_stream or (folded is not None and folded.chunks):
        whole = folded.body if folded is not None else None
        return row | {
            "response_body": payloads.pack_json(whole),
            "response_raw": payloads.pack(response.content),
        }
    return row | {"response_body": payloads.pack(response.content), "response_raw": None}


def _parse(request: Body) -> Any:
    if request.cut is not None or request.size > PARSED_REQUEST_BYTES or not request.size:
        return None
    content = request.content
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return loads(content)
    except ValueError:
        return None
