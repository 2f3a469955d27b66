"""Who fails to sign in again and again is refused for a while, without another look at what he sends.

Counted are an address together with the name it tries, and an address alone, in the database, so that every
process and every machine knows. Names are kept as digests: people type passwords into the wrong field.

Failure policy: without the database nobody signs in (and there would be nothing to manage).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections, router
from django.db.models import F
from django.utils import timezone

from ..models import LoginFailure

# One address has many people behind it, and one guesser has many names.
ADDRESS_FACTOR = 5
IPV6_NETWORK_BITS = 64  # what one customer of a provider has at least

TABLE = LoginFailure._meta.db_table
# In one statement: two processes that fail at once are two failures.
COUNT = f"""
INSERT INTO {TABLE} (id, failures, last_at) VALUES (%s, 1, %s)
ON CONFLICT (id) DO UPDATE SET
    failures = CASE WHEN {TABLE}.last_at <= %s THEN 1 ELSE {TABLE}.failures + 1 END,
    last_at = excluded.last_at
RETURNING failures
"""


class LockedOut(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {seconds} seconds.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Counter:
    id: str
    limit: int


def counters(address: str, name: str) -> tuple[Counter, ...]:
    """Of the pair, and of the address alone."""
    limit = settings.LOGIN_FAILURE_LIMIT
    place = _network(address)
    return (
        Counter(_digest(f"{place}\0{name.casefold()}"), limit),
        Counter(_digest(place), limit * ADDRESS_FACTOR),
    )


def refuse_locked(counted: tuple[Counter, ...]) -> None:
    """Raises LockedOut. A refused attempt is no failure: the lock ends when it said it would."""
    limits = {counter.id: counter.limit for counter in counted}
    since = timezone.now() - _window()
    for failure in LoginFailure.objects.filter(id__in=limits, last_at__gt=since):
        if failure.failures >= limits[failure.id]:
            raise LockedOut(_seconds_left(failure.last_at))


def take(counted: tuple[Counter, ...]) -> bool:
    """Counts an attempt, before a slow judgement of it: many at once are counted like many in turn.

    True when no other is left. Raises LockedOut when others took the last one.
    """
    now = timezone.now()
    LoginFailure.objects.filter(last_at__lte=now - _window()).delete()
    excess = max(failures - counter.limit for counter, failures in _counts(counted, now))
    if excess > 0:
        raise LockedOut(_seconds_left(now))
    return excess == 0


def forget(counted: tuple[Counter, ...]) -> None:
    """The attempt was none: the name starts anew, the address only gets it back."""
    pair, place = counted
    LoginFailure.objects.filter(id=pair.id).delete()
    LoginFailure.objects.filter(id=place.id, failures__gt=0).update(failures=F("failures") - 1)


def _counts(counted: tuple[Counter, ...], now: datetime) -> Iterator[tuple[Counter, int]]:
    connection = connections[router.db_for_write(LoginFailure)]
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        for counter in counted:
            cursor.execute(COUNT, [counter.id, adapt(now), adapt(now - _window())])
            yield counter, cursor.fetchone()[0]


def _window() -> timedelta:
    return timedelta(seconds=settings.LOGIN_LOCKOUT_SECONDS)


def _seconds_left(last_at: datetime) -> int:
    return max(1, int((last_at + _window() - timezone.now()).total_seconds()) + 1)


def _digest(text: str) -> str:
    key = f"lockout\0{settings.SECRET_KEY}".encode()
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 6 and not parsed.ipv4_mapped:
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
