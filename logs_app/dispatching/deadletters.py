"""Events that a dispatcher gave up on: they can be looked at, sent again and dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from logs_app.dispatching.courier import Courier, Stopped
from logs_app.events import feed, subscriptions
from logs_app.events.subscriptions import Tally
from logs_app.models import DeadLetter

AT_ONCE = 50
RECORD_GONE = "Its record was removed."


def of(subscriber: str) -> QuerySet[DeadLetter]:
    return DeadLetter.objects.using(feed.alias()).filter(subscriber=subscriber)


def resend(letters: QuerySet[DeadLetter]) -> int:
    """Not here and now: the next running dispatcher of their name does it."""
    return letters.update(is_due=True)


def drop(letters: QuerySet[DeadLetter]) -> int:
    return letters.delete()[0]


def send_due(subscriber: str, courier: Courier, note: Callable[[Tally], None], *, with_raw: bool) -> None:
    """Those that somebody wants to be sent again. Raises Stopped, and then they are due as before."""
    due = [letter for letter in of(subscriber).filter(is_due=True).order_by("pk")[:AT_ONCE] if _take(letter)]
    if not due:
        return
    events = list(feed.pick([letter.record_id for letter in due], with_raw=with_raw))
    tally = Tally()
    try:
        courier.deliver(events, tally)
    except Stopped:
        of(subscriber).filter(pk__in=_keys(due)).update(is_due=True)
        raise
    dead = {UUID(event.id) for event, _ in tally.dead}
    found = {UUID(event.id) for event in events}
    with transaction.atomic(using=feed.alias()):
        subscriptions.count(subscriber, tally)
        arrived = [letter for letter in due if letter.record_id in found - dead]
        of(subscriber).filter(pk__in=_keys(arrived)).delete()
        gone = [letter for letter in due if letter.record_id not in found]
        of(subscriber).filter(pk__in=_keys(gone)).update(reason=RECORD_GONE, died_at=timezone.now())
    note(tally)


def _take(letter: DeadLetter) -> bool:
    """Another dispatcher of the name may be at it."""
    return of(letter.subscriber).filter(pk=letter.pk, is_due=True).update(is_due=False) == 1


def _keys(letters: Iterable[DeadLetter]) -> list[Any]:
    return [letter.pk for letter in letters]
