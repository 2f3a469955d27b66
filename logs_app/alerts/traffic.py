"""Failed calls and latency, from the newest records.

A call counts when it ends, not when it came: one that hung for ten minutes is news now. Refused calls do not
count: they are answers of the relay to a caller, and a flood of them would hide how the others went.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from logs_app.alerts.reading import Reading, measured, of_calls, records
from logs_app.finding.filters import RecordFilters
from logs_app.identifiers import first_id
from logs_app.jsontext import iso
from logs_app.models import AlertRule, LogRecord, Outcome
from logs_app.rollups import histogram
from logs_app.rollups.figures import ERRORS

LONGEST_CALL = timedelta(minutes=30)
# Bounds what a look costs; a window with more calls is judged by its newest.
MOST_RECORDS = 20_000

Call = tuple[str, float]  # outcome and latency


def error_rate(rule: AlertRule, now: datetime) -> list[Reading]:
    calls = _calls(rule, now)
    failed = sum(outcome in ERRORS for outcome, _latency in calls)
    words = _("%(failed)d of %(count)d calls%(which)s failed in the last %(minutes)d minutes") % {
        "failed": failed,
        "count": len(calls),
        "which": of_calls(rule),
        "minutes": rule.window_minutes,
    }
    if len(calls) < rule.least_requests:
        return [_too_few(rule, now, words)]
    share = 100 * failed / len(calls)
    words = f"{share:.1f} %: {words}"
    return [measured(rule, share, words, _path(rule, now))]


def latency(rule: AlertRule, now: datetime) -> list[Reading]:
    calls = _calls(rule, now)
    counts = [0] * histogram.BUCKETS
    for _outcome, milliseconds in calls:
        counts[histogram.bucket(milliseconds)] += 1
    found = histogram.percentile(counts, rule.percentile / 100) or 0.0
    words = _(
        "%(share)d of 100 calls%(which)s took up to %(seconds).1f s in the last %(minutes)d minutes"
    ) % {
        "share": rule.percentile,
        "which": of_calls(rule),
        "seconds": found / 1000,
        "minutes": rule.window_minutes,
    }
    if len(calls) < rule.least_requests:
        return [_too_few(rule, now, words)]
    return [measured(rule, found, words, _path(rule, now))]


def _calls(rule: AlertRule, now: datetime) -> list[Call]:
    since = now - timedelta(minutes=rule.window_minutes)
    recent = RecordFilters.given(rule.scope).narrow(
        LogRecord.objects.filter(pk__gte=first_id(since - LONGEST_CALL))
    )
    rows = recent.order_by("-pk").values_list("finished_at", "outcome", "latency_ms")[:MOST_RECORDS]
    return [
        (outcome, milliseconds)
        for finished_at, outcome, milliseconds in rows
        if since <= finished_at <= now and outcome != Outcome.REJECTED
    ]


def _too_few(rule: AlertRule, now: datetime, words: str) -> Reading:
    said = _("too few to judge, fewer than %d") % rule.least_requests
    return Reading(f"{words}: {said}", path=_path(rule, now))


def _path(rule: AlertRule, now: datetime) -> str:
    since = now - timedelta(minutes=rule.window_minutes)
    return records(rule, iso(since, "seconds"))
