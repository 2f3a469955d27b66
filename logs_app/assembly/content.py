"""What was said, as objects and bytes, before it is packed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logs_app import multipart, payloads
from logs_app.assembly import columns, rawusage
from logs_app.assembly.bodies import Body
from logs_app.assembly.rows import Row
from logs_app.assembly.transcript import Transcript, first_header
from logs_app.folding import Folded
from logs_app.jsontext import loads

# Longer requests are kept, but not taken apart for their user, preview and tokens.
PARSED_REQUEST_BYTES = 32 << 20
Headers = list[list[str]]


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
            Said.of(transcript.request, parsed_request(transcript) if is_read else None),
            Said.of(transcript.sent),
            transcript.answered.get("headers") or [],
            Said.of(transcript.response),
            folded,
            transcript.is_event_stream or (folded is not None and folded.chunks > 0),
        )

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
            "usage": _usage(response.raw, folded.usage) if folded is not None else None,
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


def _usage(content: bytes, usage: dict[str, Any] | None) -> bytes | None:
    written = rawusage.exact(content, usage)
    return payloads.pack(written) if written else payloads.pack_json(usage)


def parsed_request(transcript: Transcript) -> Any:
    """JSON, or the fields of a form; None for anything else."""
    content_type = first_header(transcript.opened, "content-type")
    if content_type.startswith("multipart/"):
        return multipart.read(transcript.request.content, content_type)
    return _parsed(transcript.request)


def _parsed(request: Body) -> Any:
    if request.cut is not None or request.size > PARSED_REQUEST_BYTES or not request.size:
        return None
    content = request.content
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return loads(content)
    except ValueError:
        return None
