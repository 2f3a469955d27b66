"""Moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.tokens import durations

# Later moments, as numbers, are milliseconds: as seconds this would be the year 5138.
FIRST_MS = 100_000_000_000
_EPOCH = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?")


def moment(text: str) -> datetime:
    """ISO 8601 (UTC without a zone), seconds or milliseconds since 1970, or how long ago: 15m, 24h, 7d."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number >= FIRST_MS else number, UTC)
    try:
        return timezone.now() - durations.parse(text)
    except ValueError:
        return _iso(text)


def _iso(text: str) -> datetime:
    # In a query string that was not escaped, the + of a zone has become a space.
    spelled = re.sub(r"(T.*) (\d\d:?\d\d)$", r"\1+\2", text)
    day = parse_date(spelled) if len(spelled) == 10 else None
    found = datetime.combine(day, time()) if day else parse_datetime(spelled)
    if found is None:
        raise ValueError(text)
    return found if timezone.is_aware(found) else found.replace(tzinfo=UTC)
