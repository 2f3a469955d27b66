"""Two records beside each other, for a page: how the calls differ, what was asked, and what was answered."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from logs_app.models import LogRecord
from logs_app.presentation import differences, presentation, sidebyside


def of(before: LogRecord, after: LogRecord) -> dict[str, Any]:
    """For the template `answers.html`."""
    shown = sidebyside.compare(before, after)
    one, other = (presentation.request_body(record.payload) for record in (before, after))
    names = [name for name in shown["before"] if name != "id"]
    return {
        "shown": shown,
        "facts": [(_title(name), shown["before"][name], shown["after"][name]) for name in names],
        "numbers": [(_title(name), found) for name, found in shown["numbers"].items()],
        "asked": differences.of_values(one, other),
    }


def _title(name: str) -> str:
    """The name of a column, with its unit."""
    names = {field.name: field.verbose_name for field in LogRecord._meta.concrete_fields}
    return _("Cost (USD)") if name == "cost" else capfirst(str(names[name]))
