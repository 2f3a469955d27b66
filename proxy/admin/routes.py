"""Routes in the admin, with the steps of their requests in order."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.admin.rules import Inherited
from accounts.audit import actors, audit
from accounts.ownaddress import base_url

from ..models import TIMEOUTS, Processor, Route, RouteProcessor
from ..request.parsing import VERSION
from ..routing import routes
from . import sentences
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
            "cache_policy",
            *TIMEOUTS,
        )
        widgets = {
            "providers": forms.CheckboxSelectMultiple,
            "hold_preamble": Inherited,
            "allowed_origins": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        }

    def clean_allowed_origins(self) -> Any:
        given = self.cleaned_data["allowed_origins"]
        return [] if given is None else given

    def clean_cache_policy(self) -> Any:
        return self.cleaned_data["cache_policy"] or {}


class StepsInOrder(forms.BaseInlineFormSet):
    """The heads of a table name its columns, not its fields."""

    labels: ClassVar = {
        "position": _("Position"),
        "processor": _("Processor"),
        "DELETE": _("Remove this step"),
    }

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, words in self.labels.items():
            if name in form.fields:
                widget = form.fields[name].widget
                getattr(widget, "widget", widget).attrs["aria-label"] = words


class Steps(admin.TabularInline):
    model = RouteProcessor
    formset = StepsInOrder
    extra = 0
    fields = ("position", "processor")
    template = "proxy/route_steps.html"
    verbose_name_plural = _("Steps of its requests: the lowest position first")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return without_icons(field) if db_field.name == "processor" else field


@admin.register(Route)
class RouteAdmin(TriedAdmin):
    audit_kind = "route"
    form = RouteForm
    inlines = (Steps,)
    change_list_template = "proxy/route_change_list.html"
    list_display = ("name", "prefix", "steps", "goes_to", "answers", "is_enabled")
    list_filter = ("is_enabled", "providers")
    search_fields = ("name", "path_prefix")
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "path_prefix", "is_enabled")}),
        (_("Where its calls go"), {"fields": ("providers",)}),
        (
            _("Streams"),
            {"fields": ("allow_streaming", "allow_non_streaming", "buffer_streaming", "hold_preamble")},
        ),
        (_("Web pages"), {"classes": ("collapse",), "fields": ("allowed_origins",)}),
        (_("Stored answers"), {"classes": ("collapse",), "fields": ("cache_policy",)}),
        (_("Instead of the settings"), {"classes": ("collapse",), "fields": TIMEOUTS}),
        (None, {"fields": ("created_at", "updated_at")}),
    )

    class Media:
        css = {"all": ("proxy/routing.css",)}

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

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        more = {
            "told": [(row.pk, row.name, sentences.of(row)) for row in Processor.objects.all()],
            "base_url": base_url(request) + (obj.path_prefix if obj else ""),
            "stands_for_v1": obj is not None and not routes.fits(VERSION, obj.path_prefix),
            "steps": [step.processor.name for step in obj.steps.all()] if obj else [],
            "providers": self.goes_to(obj) if obj else "",
        }
        return super().render_change_form(request, context | more, *args, obj=obj, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return without_icons(field) if db_field.name == "providers" else field

    @admin.display(description=_("path prefix"), ordering="path_prefix")
    def prefix(self, route: Route) -> SafeString:
        return format_html("<code>{}</code>", route.path_prefix)

    @admin.display(description=_("providers"))
    def goes_to(self, route: Route) -> Any:
        return ", ".join(provider.provider_key for provider in route.providers.all()) or _("all")

    @admin.display(description=_("steps, in order"))
    def steps(self, route: Route) -> SafeString | str:
        names = ((step.processor.name, sentences.of(step.processor)) for step in route.steps.all())
        arrow = mark_safe('<span aria-hidden="true"> → </span>')
        return format_html_join(arrow, '<span class="chip" title="{1}">{0}</span>', names) or "–"

    @admin.display(description=_("answers"))
    def answers(self, route: Route) -> Any:
        if not route.allow_streaming:
            return _("in one piece only")
        return _("both ways") if route.allow_non_streaming else _("streams only")


def without_icons(field: Any) -> Any:
    """Without the ways to add, change, delete and see what it leads to: that has pages of its own."""
    for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
        setattr(field.widget, name, False)
    return field


def names_of(route: Route) -> list[str]:
    return list(route.steps.values_list("processor__name", flat=True))
