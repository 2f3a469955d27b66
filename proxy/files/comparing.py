"""What a plan and the database disagree about, a line for each row, and how to settle it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from accounts import singlerow
from accounts.provisioning import Difference, assign
from accounts.secrets.encryption import DecryptionError
from proxy.models import Processor, Provider, RelaySettings, Route, RouteProcessor

from .columns import SECRETS
from .plan import Fields, Plan

LONGEST_VALUE = 60


def differences(plan: Plan) -> list[Difference]:
    """In the order in which they can be applied: routes name providers and processors."""
    return [
        *_settings(plan.settings),
        *_rows(Provider, "provider_key", plan.providers),
        *_rows(Processor, "name", plan.processors),
        *_routes(plan.routes),
    ]


def _settings(wanted: Fields) -> Iterator[Difference]:
    row = singlerow.read(RelaySettings)
    if changes := _changes(row, wanted):
        yield Difference(f"settings: {_listed(row, changes)}", partial(assign, row, changes))


def _rows(model: type[Model], key: str, wanted: dict[str, Fields]) -> Iterator[Difference]:
    for name, fields in wanted.items():
        row = model._default_manager.filter(**{key: name}).first()
        noun = f"{model._meta.verbose_name} {name}"
        if row is None:
            yield Difference(f"{noun} is new", partial(assign, model(**{key: name}), fields))
        elif changes := _changes(row, fields):
            yield Difference(f"{noun}: {_listed(row, changes)}", partial(assign, row, changes))


def _routes(wanted: dict[str, Fields]) -> Iterator[Difference]:
    for name, fields in wanted.items():
        row = Route.objects.filter(name=name).first()
        columns = {k: v for k, v in fields.items() if k not in ("providers", "processors")}
        ties = {k: v for k, v in fields.items() if k in ("providers", "processors")}
        if row is None:
            yield Difference(f"route {name} is new", partial(_set_route, Route(name=name), columns, ties))
            continue
        changes = _changes(row, columns)
        moved = {k: v for k, v in ties.items() if _ordered(k, v) != _tied(row, k)}
        if changes or moved:
            said = [_listed(row, changes)] if changes else []
            said += [f"{k} {_shown(_tied(row, k))} → {_shown(v)}" for k, v in moved.items()]
            yield Difference(f"route {name}: {', '.join(said)}", partial(_set_route, row, changes, moved))


def _ordered(kind: str, names: list[str]) -> list[str]:
    """The order of processors counts, that of providers does not."""
    return sorted(names) if kind == "providers" else names


def _tied(row: Route, kind: str) -> list[str]:
    if kind == "providers":
        return sorted(row.providers.values_list("provider_key", flat=True))
    return list(row.steps.order_by("position", "pk").values_list("processor__name", flat=True))


def _changes(row: Model, wanted: Fields) -> Fields:
    return {column: value for column, value in wanted.items() if _current(row, column) != value}


def _current(row: Model, column: str) -> Any:
    try:
        return getattr(row, column)
    except DecryptionError:
        return None


def _listed(row: Model, changes: Fields) -> str:
    return ", ".join(
        f"{column} differs"
        if column in SECRETS
        else f"{column} {_shown(_current(row, column))} → {_shown(value)}"
        for column, value in changes.items()
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _set_route(row: Route, values: Fields, ties: dict[str, list[str]]) -> None:
    assign(row, values)
    if "providers" in ties:
        row.providers.set(_named(Provider, "provider_key", ties["providers"], row))
    if "processors" in ties:
        row.steps.all().delete()
        for position, processor in enumerate(_named(Processor, "name", ties["processors"], row)):
            RouteProcessor.objects.create(route=row, processor=processor, position=position)


def _named(model: type[Model], key: str, names: list[str], route: Route) -> list[Any]:
    found = {getattr(row, key): row for row in model._default_manager.filter(**{f"{key}__in": names})}
    if missing := [name for name in names if name not in found]:
        noun = model._meta.verbose_name
        raise ImproperlyConfigured(
            f"Route {route.name} names the {noun} {', '.join(missing)}: there is none."
        )
    return [found[name] for name in names]
