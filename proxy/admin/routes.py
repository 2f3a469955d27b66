"""Routes in the admin, with the steps of their requests in order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import actors, audit

from ..models import TIMEOUTS, Route, RouteProcessor
from .trying import TriedAdmin


class RouteForm(forms.ModelForm):
    class Meta:
        model = Route
        fields = (
            "name",
            "path_prefix",
            "is_enabled",
            "providers",
            "allow_streaming",
            "allow_non_streaming",
            "buffer_streaming",
            "hold_preamble",
            "allowed_origins",
            *TIMEOUTS,
        )

    def clean_allowed_origins(self) -> Any:
        given = self.cleaned_data["allowed_origins"]
        return [] if given is None else given


class Steps(admin.TabularInline):
    model = RouteProcessor
    extra = 0
    fields = ("position", "processor")
    autocomplete_fields = ("processor",)
    verbose_name_plural = _("Steps of its requests: the lowest position first")


@admin.register(Route)
class RouteAdmin(TriedAdmin):
    audit_kind = "route"
    form = RouteForm
    inlines = (Steps,)
    list_display = ("name", "path_prefix", "goes_to", "steps", "is_enabled")
    list_filter = ("is_enabled", "providers")
    search_fields = ("name", "path_prefix")
    filter_horizontal = ("providers",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "path_prefix", "is_enabled")}),
        (_("Where its calls go"), {"fields": ("providers",)}),
        (
            _("Streams"),
            {"fields": ("allow_streaming", "allow_non_streaming", "buffer_streaming", "hold_preamble")},
        ),
        (_("Web pages"), {"fields": ("allowed_origins",)}),
        (_("Instead of the settings"), {"fields": TIMEOUTS}),
        (None, {"fields": ("created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        return super().get_queryset(request).prefetch_related("providers", "steps__processor")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The steps are rows of their own, and a change of the route all the same."""
        row = form.instance
        before = names_of(row)
        super().save_related(request, form, formsets, change)
        after = names_of(row)
        if after != before:
            audit.record(
                actors.of(request),
                "route.update",
                row,
                before={"processors": before},
                after={"processors": after},
                request=request,
            )

    @admin.display(description=_("providers"))
    def goes_to(self, route: Route) -> Any:
        return ", ".join(provider.provider_key for provider in route.providers.all()) or _("all")

    @admin.display(description=_("steps"))
    def steps(self, route: Route) -> str:
        return " → ".join(step.processor.name for step in route.steps.all()) or "–"


def names_of(route: Route) -> list[str]:
    return list(route.steps.values_list("processor__name", flat=True))
