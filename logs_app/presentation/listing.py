"""A record, or a call that goes on, as a row of the list: on the page and when it comes later, over a
websocket.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from logs_app.assembly import columns
from logs_app.live.flights import Flight
from logs_app.models import LogRecord, Outcome

# Of a record, what a row is made of: everything else stays in the database.
COLUMNS = (
    "id", "created_at", "latency_ms", "ttft_ms", "method", "path", "endpoint", "is_streaming", "is_cached",
    "model", "model_sent", "model_served", "provider", "project", "key_name", "status_code", "outcome",
    "error_code", "error_message", "repeats", "prompt_tokens", "completion_tokens", "total_tokens",
    "usage_estimated", "cost_nanos", "request_preview", "response_preview", "lineage",
)  # fmt: skip
# How an end looks: the kind of its badge and its icon, so that it is told without colours too.
LOOKS = {
    Outcome.COMPLETED: ("ok", "circle-check"),
    Outcome.FAILED: ("error", "circle-x"),
    Outcome.CLIENT_DISCONNECTED: ("muted", "log-out"),
    Outcome.UPSTREAM_TRUNCATED: ("error", "triangle-alert"),
    Outcome.INTERRUPTED: ("warn", "triangle-alert"),
    Outcome.REJECTED: ("warn", "lock"),
}


def row(record: LogRecord) -> SafeString:
    """What the reader may not see is not in `record` any more."""
    kind, icon = LOOKS.get(Outcome(record.outcome), ("muted", "info"))
    facts = {"record": record, "kind": kind, "icon": icon}
    return render_to_string("admin/logs_app/logrecord/row.html", facts)


def flight(flight: Flight) -> SafeString:
    facts: dict[str, Any] = {
        "flight": flight,
        "pk": UUID(flight.id),
        "started": columns.moment(flight.started_us),
    }
    return render_to_string("admin/logs_app/logrecord/flight.html", facts)
