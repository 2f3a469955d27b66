"""The first settings of records, and what the environment says differently from the database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from accounts.provisioning import Difference

from .models import LogSettings

# A setting's variable is the upper-case name of its column.
VARIABLES = ("REDACT_LOGS",)


def ensure_settings(values: Mapping[str, Any]) -> LogSettings | None:
    """Creates the one row, only where there is none. `values` by variable; the rest gets its defaults."""
    if LogSettings.objects.exists():
        return None
    row = LogSettings()
    for variable in VARIABLES:
        if variable in values:
            setattr(row, variable.lower(), values[variable])
    row.save()
    return row


def differences(given: Mapping[str, Any]) -> list[Difference]:
    """`given` holds only variables that are set, by name."""
    row = LogSettings.objects.first() or LogSettings()
    found = []
    for variable in VARIABLES:
        stored = getattr(row, variable.lower())
        if variable in given and given[variable] != stored:
            line = f"{variable} is {given[variable]!r}, but {stored!r} in the database"
            found.append(Difference(line, partial(_set, row, variable.lower(), given[variable])))
    return found


def _set(row: LogSettings, column: str, value: Any) -> None:
    setattr(row, column, value)
    row.save()
