"""How an exchange ended."""

from __future__ import annotations

from typing import Any

from logs_app.assembly import columns
from logs_app.assembly.rows import Row
from logs_app.assembly.transcript import Meta, Transcript, first_header
from logs_app.folding import Folded
from logs_app.models import Outcome


def end(transcript: Transcript, folded: Folded | None) -> Row:
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
        "is_cached": bool(transcript.answered.get("cached")),
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


def what_is_missing(transcript: Transcript) -> str:
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


def attempts(transcript: Transcript) -> list[Meta]:
    """A worker that died told of its attempts only that one of them answered."""
    if transcript.closed or not transcript.answered.get("provider"):
        return transcript.closed.get("attempts") or []
    return [{"provider": transcript.provider, "status": transcript.status, "error": None}]


def attempt(id: bytes, number: int, given: Meta) -> Row:
    return {
        "record_id": id.hex(),
        "number": number,
        "provider": given.get("provider"),
        "status_code": columns.status(given.get("status")),
        "model": given.get("model"),
        "key": given.get("key"),
        "error": given.get("error"),
        "message": given.get("message"),
        "started_ms": columns.milliseconds(given.get("started_us")) or 0.0,
        "latency_ms": columns.milliseconds(given.get("latency_us")),
        "prompt_tokens": None,
        "completion_tokens": None,
    }


def charge(attempts: list[Row], record: Row) -> None:
    """What was used, the try that answered has used."""
    if attempts and attempts[-1]["status_code"] is not None:
        attempts[-1] |= {name: record[name] for name in ("prompt_tokens", "completion_tokens")}
