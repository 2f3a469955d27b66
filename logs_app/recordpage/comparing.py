"""Two records beside each other, for a page: how the calls differ, what was asked, and what was answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import money
from logs_app.admin import drawing
from logs_app.models import LogRecord, Outcome
from logs_app.presentation import differences, presentation, sidebyside

_SIDES = ("before", "after")


def of(before: LogRecord, after: LogRecord) -> dict[str, Any]:
    """For the template `answers.html`."""
    shown = sidebyside.compare(before, after)
    one, other = (presentation.request_body(record.payload) for record in (before, after))
    names = [name for name in shown["before"] if name != "id"]
    return {
        "shown": shown,
        "facts": [(_title(name), *(_fact(name, shown[each][name]) for each in _SIDES)) for name in names],
        "numbers": [(_title(name), _number(name, found)) for name, found in shown["numbers"].items()],
        "asked": differences.of_values(one, other),
    }


def _title(name: str) -> str:
    """The name of a column. Numbers bring their units."""
    names = {field.name: field.verbose_name for field in LogRecord._meta.concrete_fields}
    own = {"cost": _("Cost"), "latency_ms": _("Latency"), "ttft_ms": _("First token")}
    return own.get(name) or capfirst(str(names[name]))


def _fact(name: str, value: Any) -> Any:
    return Outcome(value).label if name == "outcome" and value else value


def _number(name: str, found: dict[str, Any]) -> dict[str, str]:
    return {side: _written(name, found[side]) for side in _SIDES} | {"change": _change(name, found["change"])}


def _change(name: str, change: Any) -> str:
    """Signed; nothing where there is none."""
    amount = Decimal(change or 0)
    return f"{'+' if amount > 0 else '−'}{_written(name, abs(amount))}" if amount else ""


def _written(name: str, value: Any) -> str:
    if value is None:
        return drawing.EMPTY
    if name == "cost":
        return money.shown(int(Decimal(value) * money.NANOS))
    return drawing.duration(float(value)) if name.endswith("_ms") else f"{value:,}"
