"""What the pages of keys and of withering tokens have in common: a list by state, and what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..audit import actors
from ..secrets import issuing
from ..tokens import durations, extending, states
from . import confirming, drawing, summaries, words
from .narrowing import ProjectFilter, StateFilter
from .rotating import ACTION, RotatingAdmin
from .usage import UsageColumns


class ExtensionForm(forms.Form):
    by = forms.CharField(
        label=_("It lives for another"),
        initial="7d",
        help_text=_("Such as 30m, 24h, 7d. Counted from its end, or from now where that has passed."),
    )

    def clean_by(self) -> timedelta:
        try:
            by = durations.parse(self.cleaned_data["by"])
        except ValueError as error:
            raise forms.ValidationError(_("This %(error)s") % {"error": error}) from None
        if not by:
            raise forms.ValidationError(_("That is no time at all."))
        return by


class KeyAdmin(UsageColumns, RotatingAdmin):
    """`extend` and `rotate_secrets` for both kinds; each kind knows how it is revoked."""

    change_list_template = "accounts/key_change_list.html"
    change_form_template = "accounts/key_change_form.html"
    actions = (ACTION, "extend")
    list_filter = (StateFilter, ProjectFilter)
    list_select_related = ("project",)
    list_per_page = 50
    autocomplete_fields = ("project",)

    class Media:
        css = {"all": ["accounts/keys.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return states.with_state(rows.listed())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Also by a secret, or by its beginning, for whoever has found one in a repository or a log."""
        rows, may_have_duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:
            rows |= queryset.filter(issuing.resembling(search_term))
        return rows, may_have_duplicates

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_extend"
        page = self.admin_site.admin_view(self.extension_view)
        return [path("<path:object_id>/extend/", page, name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        tabs = self._tabs(request)
        more = {"states": tabs, "has_any": any(tab["count"] for tab in tabs)}
        return super().changelist_view(request, more | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context = context | {"summary": summaries.of_key(obj)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def extension_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """By the button of a key's page; `by` may come along."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        form = ExtensionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            self._extend(request, [row], form.cleaned_data["by"])
            opened = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
            return redirect(opened)
        rows = self.get_queryset(request).filter(pk=row.pk)
        return self._ask_for_time(request, rows, form, address=request.path)

    @admin.action(description=_("Extend selected %(verbose_name_plural)s"), permissions=["change"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        form = ExtensionForm(request.POST if confirming.is_confirmed(request) else None)
        if not form.is_valid():
            return self._ask_for_time(request, queryset, form)
        self._extend(request, queryset, form.cleaned_data["by"])
        return None

    @admin.display(description=_("key"), ordering="name")
    def named(self, key: Any) -> SafeString:
        name = key.name or _("without a name")
        return format_html(
            '<span class="key-name">{}</span><code class="key-prefix">{}</code>', name, key.prefix
        )

    @admin.display(description=_("the old secret works until"))
    def former_until(self, key: Any) -> Any:
        is_over = key.former_expires_at is None or key.former_expires_at <= timezone.now()
        return "–" if is_over else drawing.moment(key.former_expires_at)

    @admin.display(description=_("project"), ordering="project__name")
    def of_project(self, key: Any) -> Any:
        if key.project is None:
            return "–"
        address = reverse("admin:accounts_project_change", args=[key.project_id])
        return format_html('<a href="{}">{}</a>', address, key.project.name)

    def _ask_for_time(
        self, request: HttpRequest, rows: QuerySet[Any], form: forms.Form, address: str = ""
    ) -> HttpResponse:
        return confirming.ask(
            self, request, rows, action="extend", form=form, address=address,
            title=_("Extend"), verb=_("Extend"),
            words=_("They get more time. Those that never expire stay as they are, and a revoked one stays "
                    "revoked. It holds in every process within a second."),
        )  # fmt: skip

    def _extend(self, request: HttpRequest, rows: Any, by: timedelta) -> None:
        done = [row for row in rows if extending.extend(row, actors.of(request), by)]
        for row in done:
            self.log_change(request, row, "Extended.")
        said = ngettext("%(n)d key lives longer.", "%(n)d keys live longer.", len(done)) % {"n": len(done)}
        (messages.success if done else messages.warning)(request, said)

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The states there are, with how many, each as an address that keeps the rest of what is asked."""
        project = request.GET.get("project")
        counted = states.count(self._within(request, project))
        chosen = request.GET.get("status", "")
        kept = request.GET.copy()
        for name in ("status", "p"):
            kept.pop(name, None)
        tabs = [("", _("All"), sum(n for state, n in counted.items() if state != "soon"))]
        tabs += [(state, words.STATES[state], counted[state]) for state in counted]
        return [
            {"label": label, "count": n, "is_chosen": state == chosen, "query": _query(kept, state)}
            for state, label, n in tabs
        ]

    def _within(self, request: HttpRequest, project: str | None) -> QuerySet[Any]:
        rows = self.get_queryset(request)
        return ProjectFilter(request, {"project": [project]} if project else {}, self.model, self).queryset(
            request, rows
        )


def _query(kept: Any, state: str) -> str:
    asked = kept.copy()
    if state:
        asked["status"] = state
    return "?" + asked.urlencode()
