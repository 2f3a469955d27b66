"""The settings of records as they are now, for those who ask often."""

from __future__ import annotations

from dataclasses import dataclass

from logs_app.freshness import Fresh
from logs_app.models import LogSettings


@dataclass(frozen=True, slots=True)
class LogSettingsValue:
    redact_logs: bool
    redacted_kinds: tuple[str, ...] | None  # None: the usual ones
    payload_days: int | None  # None: for ever
    metadata_days: int | None


def read() -> LogSettingsValue:
    """Straight from the database."""
    row = LogSettings.objects.first() or LogSettings()
    kinds = row.redacted_kinds
    return LogSettingsValue(
        redact_logs=row.redact_logs,
        redacted_kinds=None if kinds is None else tuple(kinds),
        payload_days=row.payload_days,
        metadata_days=row.metadata_days,
    )


_fresh = Fresh(read)


def current() -> LogSettingsValue:
    """At most a second old; while the database is away, the last that was read."""
    return _fresh.get()


def forget() -> None:
    """The next `current` reads the database."""
    _fresh.forget()
