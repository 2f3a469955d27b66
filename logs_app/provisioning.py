"""The first settings of records, and what the environment says differently from the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts import provisioning
from accounts.provisioning import Difference

from .models import LogSettings

VARIABLES = ("REDACT_LOGS",)


def ensure_settings(values: Mapping[str, Any]) -> LogSettings | None:
    return provisioning.ensure_row(LogSettings, VARIABLES, values)


def differences(given: Mapping[str, Any]) -> list[Difference]:
    """`given` holds only variables that are set, by name."""
    return provisioning.row_differences(LogSettings, VARIABLES, given)
