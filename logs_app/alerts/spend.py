"""What calls have cost since a period began, from the sums beside the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from accounts import money
from logs_app.alerts.reading import Reading, measured, of_calls, records
from logs_app.jsontext import iso
from logs_app.models import AlertRule, LogRecord
from logs_app.models.alerts import Period
from logs_app.rollups.figures import Sums
from logs_app.statistics import sums


def spend(rule: AlertRule, now: datetime) -> list[Reading]:
    since = beginning(Period(rule.period), now)
    answer = sums.ask(LogRecord.objects.all(), since, now, **rule.scope)
    dollars = Sums(answer.total)["cost_nanos"] / money.NANOS
    words = _("calls%(which)s have cost $%(dollars).2f since %(since)s UTC") % {
        "which": of_calls(rule),
        "dollars": dollars,
        "since": f"{since:%Y-%m-%d %H:%M}",
    }
    return [measured(rule, dollars, words, records(rule, iso(since, "seconds")))]


def beginning(period: Period, now: datetime) -> datetime:
    """Of the hour, day, week or month that `now` is in, in UTC."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match period:
        case Period.HOUR:
            return hour
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
    return day.replace(day=1)
