"""From the entries of an exchange to the rows of its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from accounts.loglevels import FULL
from logs_app import payloads
from logs_app.assembly import ending, identity, measures, previews, withholding
from logs_app.assembly.content import Content
from logs_app.assembly.rows import Row, Rows
from logs_app.assembly.transcript import Piece, Transcript, first_header
from logs_app.folding import Folded
from logs_app.pricing import EMPTY, Book
from logs_app.pricing.charging import quantities
from logs_app.redaction.records import redact
from logs_app.redaction.redactor import Redactor

__all__ = ["RedactorFor", "Row", "Rows", "assemble"]

RedactorFor = Callable[[str], Redactor | None]  # of a project's id

FOLD_VERSION = 1
LONGEST_REASON = 2000


def nobody(project_id: str) -> None:
    """Redacts no project."""


def assemble(
    id: bytes,
    node: str,
    pieces: Iterable[Piece],
    limit: int,
    *,
    fold_error: str = "",
    prices: Book = EMPTY,
    redactor_for: RedactorFor = nobody,
) -> Rows:
    """With a `fold_error` the answer is kept and not folded: it could not be recorded otherwise.

    Counting and pricing see what was said, the database only what redaction left of it.
    """
    transcript = Transcript(pieces, limit, may_fold=not fold_error)
    content = Content.of(transcript, transcript.finish(), is_read=not fold_error)
    record = _record(id, node, transcript, content)
    record |= measures.charges(transcript, content.folded, record, prices)
    record["fold_error"] = (fold_error or ending.what_is_missing(transcript))[:LONGEST_REASON]
    record |= _previews(content)
    payload = _payload(id, transcript, content)
    attempts = [
        ending.attempt(id, number, given) for number, given in enumerate(ending.attempts(transcript), 1)
    ]
    ending.charge(attempts, record)
    withholding.withhold(transcript, record, payload, attempts)
    redactor = redactor_for(record["project_id"] or "")
    if redactor is not None:
        redact(redactor, record, payload, attempts)
    rows = Rows(node, record, payload, attempts, transcript.opened.get("reservation"))
    rows.fit()
    return rows


def _record(id: bytes, node: str, transcript: Transcript, content: Content) -> Row:
    folded, request = content.folded, content.request.parsed
    headers = dict(reversed(content.request_headers))
    return {
        "id": id.hex(),
        "node": node,
        "seq": 0,
        **identity.call(transcript.opened),
        **measures.times(id, transcript),
        **identity.ties(id, transcript, headers, request),
        **identity.names(transcript, folded, request),
        **ending.end(transcript, folded),
        **measures.tokens(transcript, folded, request),
        **_quantities(transcript, folded, request),
        **measures.sizes(transcript),
        "log_level": transcript.opened.get("log") or FULL,
        "fold_version": FOLD_VERSION,
        "redaction_version": 0,
        "redactions": "{}",
    }


def _quantities(transcript: Transcript, folded: Folded | None, request: Any) -> Row:
    if folded is None or (transcript.status or 0) >= 400:
        return {"image_count": None, "audio_seconds": None, "character_count": None}
    path = transcript.opened.get("upstream_path") or transcript.opened.get("path") or ""
    return quantities(folded.kind, folded.body, folded.usage, path, request)


def _previews(content: Content) -> Row:
    request, folded = content.request.parsed, content.folded
    return {
        "request_preview": previews.of_request(request) if request is not None else "",
        "response_preview": previews.of_response(folded) if folded is not None else "",
    }


def _payload(id: bytes, transcript: Transcript, content: Content) -> Row:
    return {
        "record_id": id.hex(),
        "request_content_type": first_header(transcript.opened, "content-type"),
        "response_content_type": first_header(transcript.answered, "content-type"),
        "timings": payloads.pack_timings(transcript.timings),
        **content.columns(),
    }
