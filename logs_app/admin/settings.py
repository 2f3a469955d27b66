"""The settings of records in the admin: one row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.admin import confirming
from accounts.admin.rules import Days
from accounts.admin.singlerow import SingleRowAdmin
from logs_app import logsettings
from logs_app.models import LogSettings
from logs_app.redaction.kinds import KINDS, USUAL
from logs_app.retention import forecast
from logs_app.retention.forecast import Forecast

CSRF = "csrfmiddlewaretoken"
TERMS = ("payload_days", "metadata_days")


class LogSettingsForm(forms.ModelForm):
    redacted_kinds = forms.MultipleChoiceField(
        label=_("What is redacted"),
        choices=[(kind, format_lazy("{}: {}", kind, words)) for kind, words in KINDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = LogSettings
        fields = ("redact_logs", "redacted_kinds", *TERMS)
        field_classes = dict.fromkeys(TERMS, Days)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.initial.get("redacted_kinds") is None:
            self.initial["redacted_kinds"] = sorted(USUAL)

    def clean_redacted_kinds(self) -> list[str] | None:
        """The usual ones are not written down, so that later kinds join them."""
        chosen = self.cleaned_data["redacted_kinds"]
        return None if set(chosen) == USUAL else chosen

    def ending(self) -> Iterator[tuple[Any, Forecast]]:
        """What shorter terms would remove that is kept until now, each with what the form calls it."""
        for name in TERMS:
            days = self.cleaned_data[name]
            if days and (change := forecast.of_change(self.initial[name], days)).records:
                yield self.fields[name].label, change


@admin.register(LogSettings)
class LogSettingsAdmin(SingleRowAdmin):
    form = LogSettingsForm
    audit_kind = "logsettings"
    readonly_fields = ("updated_at",)
    fieldsets = (
        (_("How long"), {
            "fields": TERMS,
            "description": _(
                "What was said may end before the records of it, whose figures stay, and ends with them at "
                "the latest. A project may have terms of its own. What is over is removed within the hour, "
                "and cannot be got back."
            ),
        }),
        (_("Redaction"), {
            "fields": ("redact_logs", "redacted_kinds"),
            "description": _("Own rules are under Redaction, where they can be tried on past records."),
        }),
        (None, {"fields": ("updated_at",)}),
    )  # fmt: skip

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.forecast)
        return [path("forecast/", view, name="logs_app_logsettings_forecast"), *super().get_urls()]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Before anything would end, it says how much and asks."""
        if request.method == "POST" and not confirming.is_confirmed(request):
            form = LogSettingsForm(request.POST, instance=LogSettings.objects.first())
            if self.has_change_permission(request) and form.is_valid() and (ending := list(form.ending())):
                return self._ask(request, ending)
        return super().changeform_view(request, *args, **kwargs)

    def _ask(self, request: HttpRequest, ending: list[tuple[Any, Forecast]]) -> HttpResponse:
        given = [(name, value) for name, values in request.POST.lists() for value in values]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Keep less"),
            "opts": self.opts,
            "ending": ending,
            "hidden": [(confirming.YES, "yes"), *((name, value) for name, value in given if name != CSRF)],
        }
        return TemplateResponse(request, "admin/logs_app/logsettings/confirm.html", context)

    def forecast(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = logsettings.read()
        now_set = [days for days in (row.payload_days, row.metadata_days) if days]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What each term would remove"),
            "opts": self.opts,
            "settings": row,
            "forecasts": forecast.of([*forecast.USUAL_DAYS, *now_set]),
        }
        return TemplateResponse(request, "admin/logs_app/logsettings/forecast.html", context)
