"""The configuration as TOML that `sync_config --file` reads again. Secrets stay behind."""

from __future__ import annotations

import json
from typing import Any

import tomli_w
from django.db.models import Model, Prefetch

from accounts import singlerow
from proxy.models import Processor, Provider, RelaySettings, Route, RouteProcessor

from .columns import JSON_SUFFIX, PROCESSOR, PROVIDER, ROUTE, SECRETS, SETTINGS
from .plan import Fields

HEAD = (
    "# Written by `manage.py sync_config --export`. API keys are not in it; api_key_env names a variable.\n\n"
)


def export(using: str = "default") -> str:
    settings = singlerow.read(RelaySettings, using)
    document: dict[str, Any] = {"settings": _fields(settings, SETTINGS)}
    if providers := Provider.objects.using(using).order_by("pk"):
        document["provider"] = {row.provider_key: _fields(row, PROVIDER - SECRETS) for row in providers}
    if processors := Processor.objects.using(using).order_by("pk"):
        document["processor"] = {row.name: _fields(row, PROCESSOR) for row in processors}
    if routes := [_route(row) for row in _routes(using)]:
        document["route"] = routes
    return HEAD + tomli_w.dumps(document)


def _routes(using: str) -> Any:
    steps = Prefetch("steps", RouteProcessor.objects.select_related("processor"))
    return Route.objects.using(using).order_by("pk").prefetch_related("providers", steps)


def _route(row: Route) -> Fields:
    fields = {"name": row.name, **_fields(row, ROUTE - {"name", "providers", "processors"})}
    fields["providers"] = sorted(provider.provider_key for provider in row.providers.all())
    fields["processors"] = [step.processor.name for step in row.steps.all()]
    return fields


def _fields(row: Model, columns: frozenset[str]) -> Fields:
    """In the model's order; what is empty (null) is left out."""
    fields: Fields = {}
    for column in (field.name for field in row._meta.concrete_fields if field.name in columns):
        value = getattr(row, column)
        if value is None:
            continue
        if _has_null(value):
            fields[column + JSON_SUFFIX] = json.dumps(value, ensure_ascii=False)
        else:
            fields[column] = value
    return fields


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    if isinstance(value, list):
        return any(map(_has_null, value))
    return value is None
