"""Two records beside each other, for a page: how the calls differ, what was asked, and what was answered."""

from __future__ import annotations

from typing import Any

from logs_app.models import LogRecord
from logs_app.presentation import differences, presentation, sidebyside


def of(before: LogRecord, after: LogRecord) -> dict[str, Any]:
    """For the template `answers.html`."""
    shown = sidebyside.compare(before, after)
    one, other = (presentation.request_body(record.payload) for record in (before, after))
    names = [name for name in shown["before"] if name != "id"]
    return {
        "shown": shown,
        "facts": [(name, shown["before"][name], shown["after"][name]) for name in names],
        "asked": differences.of_values(one, other),
    }
