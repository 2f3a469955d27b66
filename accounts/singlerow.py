"""Tables of one row: settings that hold for all. Until somebody sets one, its default holds."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def read(model: type[Row], using: str | None = None) -> Row:
    return model._default_manager.using(using).first() or model()


def kept(model: type[Row]) -> Row:
    """For whoever changes it: made where there is none yet."""
    return model._default_manager.get_or_create(pk=1)[0]
