"""Durations as people write them: 30m, 24h, 7d."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils.translation import gettext as _

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MAX_SECONDS = 36_500 * 86_400  # later moments do not fit into a date
_FORM = re.compile(r"([0-9]{1,12})\s*([smhdw])")


def parse(text: str) -> timedelta:
    """Raises ValueError, in words that follow the name of what was given."""
    if text.strip() == "0":
        return timedelta(0)
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(_("is %(text)r, but must be a number with a unit: 30m, 24h, 7d.") % {"text": text})
    seconds = int(match[1]) * UNIT_SECONDS[match[2]]
    if seconds > MAX_SECONDS:
        raise ValueError(_("is %(text)r, which is more than 100 years.") % {"text": text})
    return timedelta(seconds=seconds)
