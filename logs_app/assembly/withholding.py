"""What is left of a record when less than everything is to be recorded.

`metadata` leaves who, when, how much and how it ended; `off` leaves counts: when, by which key, at which
model, how much and how it ended, and nothing that the client said. The bodies were in the journal, encrypted,
because tokens and cost are counted from them; they end there.
"""

from __future__ import annotations

from typing import Any

from accounts.loglevels import FULL, OFF
from logs_app.assembly.transcript import Transcript

CONTENT = (
    "request_body",
    "request_sent",
    "response_body",
    "response_raw",
    "request_cut",
    "request_sent_cut",
    "response_cut",
)
# Of a payload and a record when only counts are kept.
HEADERS = ("request_headers", "response_headers", "usage", "timings")
WORDS = (
    "query", "client_ip", "client_request_id", "request_id", "session", "end_user", "trace_id",
    "prompt_fingerprint", "error_message", "key_name", "key_prefix", "project", "finish_reason",
)  # fmt: skip

Row = dict[str, Any]


def withhold(transcript: Transcript, record: Row, payload: Row, attempts: list[Row]) -> None:
    level = record["log_level"]
    if level == FULL:
        return
    record["request_preview"] = record["response_preview"] = ""
    # A provider's own words may quote the prompt; its code does not.
    record["error_message"] = transcript.closed.get("error_message")
    for column in CONTENT:
        payload[column] = None
    for attempt in attempts:
        attempt["message"] = ""
    if level == OFF:
        _keep_counts(record, payload)


def _keep_counts(record: Row, payload: Row) -> None:
    for column in WORDS:
        record[column] = ""
    record["path"], record["tags"], record["edits"] = record["endpoint"], "[]", "[]"
    for column in HEADERS:
        payload[column] = None
