"""The state of a key, judged by the database: a list can be narrowed to it, counted by it, and show it.

Each key is in one state; the first that fits is taken.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from ..models import TokenQuota, WitheringToken

# A key ends soon when so much of its requests is used, or as much of its time and so little of that is left.
NEARLY = 0.9
SOON = timedelta(hours=24)
STATES = ("active", "soon", "used_up", "expired", "revoked", "disabled", "project_inactive")
WORKING = ("active", "soon")


def with_state(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same rows, each with its `state`."""
    now = timezone.now()
    cases = [When(condition, then=Value(state)) for state, condition in _conditions(rows.model, now)]
    return rows.annotate(state=Case(*cases, default=Value("active"), output_field=CharField()))


def narrow(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    """To the keys of one state; `active` are all that work, those that end soon among them."""
    return rows.filter(state__in=WORKING if state == "active" else [state])


def count(rows: QuerySet[Any]) -> dict[str, int]:
    """By state, of those in which there are any."""
    counted = rows.order_by().values("state").annotate(count=Count("pk")).values_list("state", "count")
    found = dict(counted)
    if working := sum(found.get(state, 0) for state in WORKING):
        found["active"] = working
    return {state: found[state] for state in STATES if found.get(state)}


def of_tokens() -> dict[str, int]:
    """How many of all withering tokens are in each state that one can be in."""
    found = count(with_state(WitheringToken.objects.listed()))
    return {state: found.get(state, 0) for state in STATES if state != "disabled"}


def _conditions(model: Any, now: Any) -> list[tuple[str, Any]]:
    ends_soon = Q(expires_at__lte=now + SOON) & Q(_last_tenth(now))
    if model is not WitheringToken:
        return [("disabled", Q(is_enabled=False)), *_ended(now), ("soon", ends_soon)]
    limited = Q(max_requests__gt=0)
    return [
        ("revoked", Q(is_active=False)),
        *_ended(now),
        ("used_up", limited & _used(1)),
        ("soon", ends_soon | limited & _used(NEARLY)),
    ]


def _ended(now: Any) -> list[tuple[str, Any]]:
    return [("expired", Q(expires_at__lte=now)), ("project_inactive", Q(project__is_active=False))]


def _last_tenth(now: Any) -> Any:
    """Of its time: one made for an hour does not end soon from its first minute on."""
    left = ExpressionWrapper((F("expires_at") - Value(now)) * 10, output_field=DurationField())
    return LessThanOrEqual(left, F("expires_at") - F("created_at"))


def _used(share: float) -> Any:
    return Exists(
        TokenQuota.objects.filter(token_id=OuterRef("pk"), used__gte=OuterRef("max_requests") * share)
    )
