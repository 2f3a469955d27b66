"""The settings of records as they are now."""

from __future__ import annotations

from dataclasses import dataclass

from accounts import singlerow
from logs_app.models import LogSettings


@dataclass(frozen=True, slots=True)
class LogSettingsValue:
    redact_logs: bool
    redacted_kinds: tuple[str, ...] | None  # None: the usual ones
    payload_days: int | None  # None: for ever
    metadata_days: int | None


def read() -> LogSettingsValue:
    row = singlerow.read(LogSettings)
    kinds = row.redacted_kinds
    return LogSettingsValue(
        redact_logs=row.redact_logs,
        redacted_kinds=None if kinds is None else tuple(kinds),
        payload_days=row.payload_days,
        metadata_days=row.metadata_days,
    )
