"""What was said, as objects and bytes: what redaction may change before it is shown, packed and stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from logs_app import columns, payloads
from logs_app.assembly.rows import Row
from logs_app.bodies import Body
from logs_app.folding import Folded
from logs_app.folding.jsontext import loads
from logs_app.transcript import Transcript

# Longer requests are kept, but not taken apart for their user, preview and tokens.
PARSED_REQUEST_BYTES = 32 << 20
# What a client may write into a header or beside the prompt.
REDACTED_COLUMNS = ("query", "client_request_id", "session", "end_user", "error_message")

Headers = list[list[str]]


class Redactor(Protocol):
    """One numbering for all that it is given, so that a value is the same mark everywhere in a record."""

    def body(self, parsed: Any) -> tuple[Any, bool]:
        """The object without what must not be kept, and whether anything was."""

    def text(self, text: str) -> str: ...


RedactorFor = Callable[[str], Redactor | None]


@dataclass(slots=True)
class Content:
    request_headers: Headers
    request: Said
    sent: Said
    response_headers: Headers
    response: Said  # of a stream the bytes as they came
    folded: Folded | None
    is_stream: bool

    @classmethod
    def of(cls, transcript: Transcript, folded: Folded | None, *, is_read: bool) -> Content:
        """Requests are parsed only when `is_read`: one that killed the recorder is not looked into again."""
        return cls(
            transcript.opened.get("headers") or [],
            Said.of(transcript.request, parse(transcript.request) if is_read else None),
            Said.of(transcript.sent, parse(transcript.sent) if is_read else None),
            transcript.answered.get("headers") or [],
            Said.of(transcript.response),
            folded,
            transcript.is_event_stream or (folded is not None and folded.chunks > 0),
        )

    def redact(self, redactor: Redactor, record: Row) -> None:
        self.request.redact(redactor)
        self.sent.redact(redactor)
        for name in REDACTED_COLUMNS:
            if record[name]:
                record[name] = redactor.text(record[name])
        if record["tags"] != "[]":
            record["tags"] = columns.json_text([redactor.text(tag) for tag in orjson.loads(record["tags"])])
        self.request_headers = _redacted_headers(self.request_headers, redactor)
        self.response_headers = _redacted_headers(self.response_headers, redactor)
        if self.folded is None or self.folded.body is None:
            self.response.redact(redactor)
        else:
            self._redact_answer(self.folded, redactor)
        if self.folded is not None and self.folded.text:
            self.folded = replace(self.folded, text=redactor.text(self.folded.text))

    def _redact_answer(self, folded: Folded, redactor: Redactor) -> None:
        """A secret may be spread over the events of a stream, so a changed one keeps only its object."""
        body, is_changed = redactor.body(folded.body)
        error, has_other_error = redactor.body(folded.error)
        if is_changed or has_other_error:
            self.folded = replace(folded, body=body, error=error)
            self.response = Said(b"") if self.is_stream else Said(payloads.dump(body))
        elif folded.parse_errors:
            self.response.redact_text(redactor)

    def columns(self) -> Row:
        """As columns of LogPayload, bodies packed."""
        folded, response = self.folded, self.response
        row: Row = {
            "request_headers": payloads.pack_json(self.request_headers),
            "request_body": payloads.pack(self.request.raw),
            "request_cut": self.request.cut and columns.json_text(self.request.cut),
            "request_sent": payloads.pack(self.sent.raw),
            "request_sent_cut": self.sent.cut and columns.json_text(self.sent.cut),
            "response_headers": payloads.pack_json(self.response_headers),
            "response_cut": response.cut and columns.json_text(response.cut),
            "usage": payloads.pack_json(folded.usage) if folded is not None else None,
        }
        if not self.is_stream:
            return row | {"response_body": payloads.pack(response.raw), "response_raw": None}
        whole = folded.body if folded is not None else None
        return row | {
            "response_body": payloads.pack_json(whole),
            "response_raw": payloads.pack(response.raw),
        }


@dataclass(slots=True)
class Said:
    """A body. `parsed` is its object where it is JSON that was read."""

    raw: bytes
    parsed: Any = None
    cut: dict[str, Any] | None = None

    @classmethod
    def of(cls, body: Body, parsed: Any = None) -> Said:
        return cls(body.content, parsed, body.cut)

    def redact(self, redactor: Redactor) -> None:
        if self.parsed is None:
            self.redact_text(redactor)
            return
        self.parsed, is_changed = redactor.body(self.parsed)
        if is_changed:
            self.raw = payloads.dump(self.parsed)

    def redact_text(self, redactor: Redactor) -> None:
        """Of text; what is no UTF-8 is left alone. Both ends of a cut body by themselves."""
        if self.cut is None:
            self.raw = _redacted(self.raw, redactor, "strict")
            return
        head = _redacted(self.raw[: self.cut["head"]], redactor, "replace")
        self.raw = head + _redacted(self.raw[self.cut["head"] :], redactor, "replace")
        self.cut = self.cut | {"head": len(head)}


def parse(request: Body) -> Any:
    if request.cut is not None or request.size > PARSED_REQUEST_BYTES or not request.size:
        return None
    content = request.content
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return loads(content)
    except ValueError:
        return None


def _redacted(raw: bytes, redactor: Redactor, errors: str) -> bytes:
    if b"\0" in raw:
        return raw
    try:
        text = raw.decode("utf-8", errors)
    except UnicodeDecodeError:
        return raw
    changed = redactor.text(text)
    return raw if changed == text else changed.encode()


def _redacted_headers(headers: Headers, redactor: Redactor) -> Headers:
    return [[name, redactor.text(value)] for name, value in headers]
