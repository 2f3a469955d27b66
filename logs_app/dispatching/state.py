"""How subscribers fare: for the management API, the admin, commands and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from logs_app.dispatching.pulse import SEEN_SECONDS
from logs_app.events import feed
from logs_app.models import DeadLetter, Subscriber, SubscriberCursor

# It is at work when somebody saw to it lately.
LATELY = timedelta(seconds=3 * SEEN_SECONDS)


@dataclass(frozen=True, slots=True)
class State:
    """`delivered`, `retried`, `dead` and `lost` count since it began; `dead_letters` are there now."""

    name: str
    is_running: bool = False
    lag: int = 0
    delivered: int = 0
    retried: int = 0
    dead: int = 0
    lost: int = 0
    dead_letters: int = 0
    last_success_at: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None

    @property
    def is_failing(self) -> bool:
        """Since its last success something went wrong."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at


def states() -> dict[str, State]:
    """Of every subscriber that ever began, by name. Four short questions, whatever there is to deliver."""
    using = feed.alias()
    recorded = sum(feed.newest().values())
    settled = SubscriberCursor.objects.using(using).values_list("subscriber").annotate(sum=Sum("seq"))
    waiting = DeadLetter.objects.using(using).order_by().values_list("subscriber").annotate(count=Count("pk"))
    sums, letters = dict(settled), dict(waiting)
    return {
        row.name: _state(row, recorded - sums.get(row.name, 0), letters.get(row.name, 0))
        for row in Subscriber.objects.using(using).order_by("name")
    }


def of(name: str) -> State:
    return states().get(name, State(name))


def _state(row: Subscriber, lag: int, dead_letters: int) -> State:
    return State(
        name=row.name,
        is_running=row.seen_at is not None and timezone.now() - row.seen_at < LATELY,
        lag=max(lag, 0),
        delivered=row.delivered,
        retried=row.retried,
        dead=row.dead,
        lost=row.lost,
        dead_letters=dead_letters,
        last_success_at=row.last_success_at,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
    )
