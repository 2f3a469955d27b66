"""What the calls of a month came to, by project and model: from the sums, which stay when records end."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Sum

from logs_app.identifiers import first_id
from logs_app.models import RecordTag, Rollup
from logs_app.rollups.figures import Sums
from logs_app.rollups.spans import DAY
from logs_app.statistics import sums


@dataclass(frozen=True, slots=True)
class Item:
    """The calls of one project that asked for one model; `model` is empty where none was asked for."""

    model: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Account:
    """The calls of one project, the dearest model first. `id` and `name` are empty for those without one."""

    id: str
    name: str
    figures: int
    items: list[Item]

    @property
    def sums(self) -> Sums:
        return Sums(self.figures)


@dataclass(frozen=True, slots=True)
class Trials:
    """Calls that somebody made to try something out."""

    calls: int
    cost_nanos: int


def months(today: date) -> list[date]:
    """The first days of all months since the first call, in UTC, this one first."""
    first = Rollup.objects.filter(minutes=DAY).aggregate(start=Min("start"))["start"]
    oldest = today if first is None else datetime.fromtimestamp(first, UTC).date()
    found = [today.replace(day=1)]
    while found[-1] > oldest:
        found.append(before(found[-1]))
    return found


def before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def bounds(month: date) -> tuple[datetime, datetime]:
    """Its first moment, and that of the next one."""
    following = (month + timedelta(days=31)).replace(day=1)
    return datetime.combine(month, time(), UTC), datetime.combine(following, time(), UTC)


def read(month: date, records: Any) -> list[Account]:
    """By project, the dearest first, under its name of today. `records`: those that the asking person may
    see.
    """
    since, until = bounds(month)
    answer = sums.ask(records, since, until, group_by="project,model")
    by_project: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    names: dict[str, str] = {}
    for ((id, name, model), _start), figures in answer.sums.items():
        by_project[id][model] += figures
        names[id] = name or id
    accounts = [_account(id, names[id], by_model) for id, by_model in by_project.items()]
    return sorted(accounts, key=lambda account: (*_dearest(account.sums), account.name))


def trials(month: date, lineage: str, records: Any) -> Trials:
    """Those of this lineage, by the tag of the same name, as far as their records are kept."""
    first, last = map(first_id, bounds(month))
    tagged = RecordTag.objects.using(records.db).filter(tag=lineage, record_id__gte=first, record_id__lt=last)
    made = records.filter(pk__in=tagged.values("record_id"), lineage=lineage)
    found = made.aggregate(calls=Count("pk"), cost=Sum("cost_nanos"))
    return Trials(found["calls"], found["cost"] or 0)


def _account(id: str, name: str, by_model: dict[str, int]) -> Account:
    items = [Item(model, Sums(figures)) for model, figures in by_model.items()]
    items.sort(key=lambda item: (*_dearest(item.sums), item.model))
    return Account(id, name, sum(by_model.values()), items)


def _dearest(figures: Sums) -> tuple[int, int]:
    return -figures["cost_nanos"], -figures["requests"]
