"""What lists of keys are narrowed by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Project
from ..tokens import states
from .words import STATES

MOST_PROJECTS = 30


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, page: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        return states.narrow(rows, self.value()) if self.value() in STATES else rows


class ProjectFilter(admin.SimpleListFilter):
    """By name or id; there may be too many projects to list them all."""

    title = _("project")
    parameter_name = "project"

    def lookups(self, request: HttpRequest, page: Any) -> list[tuple[str, Any]]:
        shown = Project.objects.listed().order_by("name").values_list("pk", "name")[:MOST_PROJECTS]
        choices = [(str(pk), name) for pk, name in shown]
        chosen = self.value()
        if chosen and chosen not in dict(choices):
            named = Project.objects.filter(pk=chosen).first() if _is_uuid(chosen) else None
            choices.append((chosen, named.name if named else chosen))
        return choices

    def queryset(self, request: HttpRequest, rows: Any) -> Any:
        if not (chosen := self.value()):
            return rows
        return rows.filter(project_id=chosen) if _is_uuid(chosen) else rows.filter(project__name=chosen)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
