"""Finds out what is the case, and has it told. Any number of evaluators may be at work.

An alert opens and closes by a conditional UPDATE, which one of them wins; its news are told by who claims
them. What a restart finds is in the database, so nothing is told again.

Failure policy: a rule that cannot be read says why, and the others go on. News that nobody could be told of
are told later, every minute; who dies between telling and noting it tells twice, with the same id.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, close_old_connections, connections
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from logs_app.alerts import message, readers, telling
from logs_app.alerts.reading import Reading
from logs_app.models import AlertRule, AlertState
from logs_app.models.alerts import Kind, News

EVERY = timedelta(seconds=30)
LOOK_SECONDS = 5.0
# Longer than telling takes, and the pause before it is tried again.
CLAIM = timedelta(minutes=1)
# A machine looks every few seconds while it lives; telling its alerts may take it minutes.
LOST_AFTER = timedelta(minutes=10)
LONGEST_WORDS = 1000
LONGEST_ERROR = 500

log = logging.getLogger(__name__)


class Evaluator:
    def __init__(self, every: timedelta = EVERY) -> None:
        self._every = every

    def run(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except Error as error:
                log.warning("Alerts cannot be looked after: %s", error)
            except Exception:
                log.exception("Alerts cannot be looked after.")
            finally:
                close_old_connections()
        connections.close_all()

    def look(self) -> None:
        now = timezone.now()
        for rule in AlertRule.objects.filter(is_enabled=True):
            if self._is_due(rule, now):
                self._evaluate(rule, now)
        lost = ~Q(node="") & Q(seen_at__lt=now - LOST_AFTER)
        _close(AlertState.objects.filter(Q(rule__is_enabled=False) | lost, is_open=True))
        for state in AlertState.objects.exclude(news=News.NONE).select_related("rule"):
            _tell(state, timezone.now())

    def _is_due(self, rule: AlertRule, now: datetime) -> bool:
        """One evaluator for each turn; but how providers stand, each machine knows for itself."""
        last = now - self._every
        is_due = rule.evaluated_at is None or rule.evaluated_at <= last
        if is_due:
            not_lately = Q(evaluated_at=None) | Q(evaluated_at__lte=last)
            is_due = AlertRule.objects.filter(not_lately, pk=rule.pk).update(evaluated_at=now) == 1
        return is_due or rule.kind == Kind.PROVIDER

    def _evaluate(self, rule: AlertRule, now: datetime) -> None:
        error = ""
        try:
            readings = readers.read(rule, now)
        except Exception as failed:
            log.exception("Alert '%s' cannot be read.", rule)
            error = f"{type(failed).__name__}: {failed}"[:LONGEST_ERROR]
        else:
            apply(rule, readings, now)
        if error != rule.evaluation_error:
            AlertRule.objects.filter(pk=rule.pk).update(evaluation_error=error)


def apply(rule: AlertRule, readings: Iterable[Reading], now: datetime) -> None:
    states = {(state.subject, state.node): state for state in rule.states.all()}
    for reading in readings:
        state = states.pop((reading.subject, reading.node), None)
        if reading.begins and (state is None or not state.is_open):
            _open(rule, reading, now)
        elif state is not None and state.is_open:
            _follow(state, reading, now)
    # What is not read any more is gone: a key that has withered, a provider that was deleted. Of another
    # machine nothing is known here but when it last looked.
    gone = [state.pk for state in states.values() if state.is_open and state.node in ("", settings.NODE_ID)]
    _close(AlertState.objects.filter(pk__in=gone, is_open=True))


def _open(rule: AlertRule, reading: Reading, now: datetime) -> None:
    state, _made = AlertState.objects.get_or_create(rule=rule, subject=reading.subject, node=reading.node)
    _unclaimed(now).filter(pk=state.pk, is_open=False).update(
        is_open=True,
        opened_at=now,
        resolved_at=None,
        news=News.OPENED,
        reached="",
        error="",
        **_shown(reading, now),
    )


def _follow(state: AlertState, reading: Reading, now: datetime) -> None:
    if not reading.ends:
        AlertState.objects.filter(pk=state.pk, is_open=True).update(**_shown(reading, now))
        return
    # Nobody needs to hear the end of what nobody heard the beginning of.
    news = Case(When(news=News.OPENED, reached="", then=Value("")), default=Value(News.RESOLVED.value))
    _unclaimed(now).filter(pk=state.pk, is_open=True).update(
        is_open=False, resolved_at=now, news=news, reached="", error="", **_shown(reading, now)
    )


def _shown(reading: Reading, now: datetime) -> dict[str, object]:
    return {
        "seen_at": now,
        "value": reading.value,
        "words": reading.words[:LONGEST_WORDS],
        "path": reading.path[:LONGEST_WORDS],
    }


def _close(states: QuerySet[AlertState]) -> None:
    """Without a word."""
    states.update(is_open=False, resolved_at=timezone.now(), news=News.NONE, error="")


def _unclaimed(now: datetime) -> QuerySet[AlertState]:
    return AlertState.objects.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))


def _tell(state: AlertState, now: datetime) -> None:
    if state.news == News.OPENED and _is_too_soon(state, now):
        return
    claimed = _unclaimed(now).filter(pk=state.pk, news=state.news).update(claimed_until=now + CLAIM)
    if not claimed:
        return
    reached, error = telling.tell(message.of(state.rule, state), state.reached)
    mine = AlertState.objects.filter(pk=state.pk)
    if error:
        mine.update(reached=reached, error=error[:LONGEST_ERROR])
        return
    told_at = now if state.news == News.OPENED else state.told_at
    mine.update(news=News.NONE, reached="", error="", claimed_until=None, told_at=told_at)


def _is_too_soon(state: AlertState, now: datetime) -> bool:
    quiet = timedelta(minutes=state.rule.cool_down_minutes)
    return state.told_at is not None and now < state.told_at + quiet
