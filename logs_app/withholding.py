"""What is left of a record when its project's log policy is "metadata": who, when, how much, how it ended.

The bodies were in the journal, encrypted, because tokens and cost are counted from them; they end there.
"""

from __future__ import annotations

from typing import Any

from logs_app.transcript import Transcript

METADATA = "metadata"
CONTENT = ("request_body", "response_body", "response_raw", "request_cut", "response_cut")


def withhold(transcript: Transcript, record: dict[str, Any], payload: dict[str, Any]) -> None:
    if transcript.opened.get("log") != METADATA:
        return
    record["request_preview"] = record["response_preview"] = ""
    # A provider's own words may quote the prompt; its code does not.
    record["error_message"] = transcript.closed.get("error_message")
    for column in CONTENT:
        payload[column] = None
