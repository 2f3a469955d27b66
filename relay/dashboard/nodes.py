"""How the machines of the relay stand beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from logs_app.finding import nodes
from relay.dashboard import numbers

# A machine that recorded nothing for so long was replaced.
FORGOTTEN_AFTER = timedelta(days=7)
# So much later than the busiest of them, it may have had no call, or be gone; then somebody should look.
QUIET_AFTER = timedelta(minutes=1)
SILENT_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    is_this: bool
    records: str
    last: datetime
    mood: str
    state: Any


def look() -> list[Machine]:
    """None of a machine that is alone: there is nothing to compare it with."""
    now = timezone.now()
    found = [row for row in nodes.recording() if row.last is not None and now - row.last < FORGOTTEN_AFTER]
    newest = max((row.last for row in found), default=now)
    return [_machine(row, newest) for row in found] if len(found) > 1 else []


def _machine(row: Any, newest: datetime) -> Machine:
    mood, state = _judged(row.last, newest)
    return Machine(
        name=row.pk,
        is_this=row.pk == settings.NODE_ID,
        records=numbers.count(row.seq),
        last=row.last,
        mood=mood,
        state=state,
    )


def _judged(last: datetime, newest: datetime) -> tuple[str, str]:
    if newest - last > SILENT_AFTER:
        return "warn", _("silent")
    if newest - last > QUIET_AFTER:
        return "muted", _("quiet for %(time)s") % {"time": timesince(last, newest)}
    return "ok", _("recording")
