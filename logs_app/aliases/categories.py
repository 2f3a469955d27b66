"""What an earlier system called the ways in which a call can fail."""

from __future__ import annotations

from typing import Any

from logs_app.models import LogRecord, Outcome
from logs_app.models.recordindexes import StatusClass
from logs_app.rollups.figures import ERRORS

CODES = {
    "upstream_timeout": "timeout",
    "total_timeout": "timeout",
    "upstream_unreachable": "connect_error",
    "upstream_disconnected": "network_error",
    "relay_error": "internal_error",
}
OUTCOMES = {
    Outcome.UPSTREAM_TRUNCATED: "stream_error",
    Outcome.INTERRUPTED: "internal_error",
    Outcome.REJECTED: "rejected",
}
STATUSES = {4: "provider_4xx", 5: "provider_5xx"}
CATEGORIES = sorted({*CODES.values(), *OUTCOMES.values(), *STATUSES.values()})


def of(record: LogRecord) -> str | None:
    """None when nothing failed."""
    if record.outcome not in ERRORS:
        return None
    if record.error_code in CODES:
        return CODES[record.error_code]
    # A stream may fail with an error inside it and the status 200.
    by_status = STATUSES.get((record.status_code or 0) // 100, "stream_error")
    return OUTCOMES.get(Outcome(record.outcome), by_status)


def failed(records: Any) -> Any:
    return records.filter(outcome__in=sorted(ERRORS))


def narrow(records: Any, category: str) -> Any:
    codes = [code for code in CODES if CODES[code] == category]
    outcomes = [outcome for outcome in OUTCOMES if OUTCOMES[outcome] == category]
    if codes:
        by_code = records.filter(error_code__in=codes)
        return by_code | records.filter(outcome__in=outcomes) if outcomes else by_code
    if outcomes:
        return records.filter(outcome__in=outcomes)
    status = next(number for number, name in STATUSES.items() if name == category)
    own = records.alias(status_class=StatusClass("status_code")).filter(
        status_class=status, status_code__gte=400, outcome=Outcome.FAILED
    )
    return own.exclude(error_code__in=list(CODES))
