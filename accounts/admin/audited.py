"""Admin pages whose changes go into the audit log, besides Django's own history of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from ..audit import actors, audit
from ..errors import Refused


class MomentInput(forms.DateTimeInput):
    """The browser's own field for date and time. Times are those of the server: UTC."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M:%S")


class Listed(ChangeList):
    """A list that is not narrowed says neither how many there are twice nor that it could show all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class AuditedAdmin(admin.ModelAdmin):
    audit_kind: str
    show_full_result_count = False
    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput(attrs={"step": 1})}
    }

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Listed

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        before, after = differences(obj, form)
        verb = "update" if change else "create"
        audit.record(
            actors.of(request),
            f"{self.audit_kind}.{verb}",
            obj,
            before=before if change else None,
            after=after,
            request=request,
        )

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        audit.record(actors.of(request), f"{self.audit_kind}.delete", obj, request=request)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What a rule refuses only when it is saved is said on the form's page."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.get_full_path())


def differences(obj: models.Model, form: ModelForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns that the form changed, as they were and as they are. Fields that are no columns, such as new
    secrets, are only named."""
    columns = {field.name for field in obj._meta.fields}
    before = {name: _plain(form.initial.get(name)) for name in form.changed_data if name in columns}
    after = {name: _plain(getattr(obj, name)) for name in before}
    for name in {field.name for field in obj._meta.many_to_many}.intersection(form.changed_data):
        before[name], after[name] = _names(form.initial.get(name)), _names(form.cleaned_data[name])
    after |= {name: "***" for name in form.changed_data if name not in after}
    return before, after


def _names(rows: Iterable[Any] | None) -> list[str]:
    return sorted(map(str, rows or ()))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, models.Model):
        value = value.pk
    simple = (str, int, float, bool, list, Mapping, type(None))
    return value if isinstance(value, simple) else str(value)
