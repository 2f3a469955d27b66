"""Providers in the admin: who they are, how they are, and whether they answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import actors, audit
from accounts.admin.audited import AuditedAdmin

from .. import rows
from ..api.providers import rules, standing_of, users_of
from ..health import check, standing
from ..health.check import Report
from ..models import TIMEOUTS, Provider
from ..provider_types import TYPES, presets
from .providerform import ProviderForm

KEY_STATES = {
    "set": _("set"),
    "not_set": _("not set"),
    "unreadable": _("unreadable: enter it again"),
}
STATES = {
    "healthy": _("well"),
    "failing": _("failing"),
    "resting": _("resting"),
    "open": _("left out"),
    "half_open": _("tried again"),
    "recovering": _("recovering"),
    "refused": _("key refused"),
    "disabled": _("disabled"),
}

OF_AN_OLD_ONE = ("state", "key_state", "remove_api_key", "remove_extra_api_keys")


@admin.register(Provider)
class ProviderAdmin(AuditedAdmin):
    audit_kind = "provider"
    form = ProviderForm
    change_form_template = "proxy/provider_change_form.html"
    list_display = ("provider_key", "state", "provider_type", "api_base", "key_state", "priority", "weight")
    list_filter = ("is_enabled", "provider_type")
    search_fields = ("provider_key", "api_base")
    readonly_fields = ("state", "key_state", "created_at", "updated_at")
    actions = ("test_connection", "reset_state")
    fieldsets = (
        (None, {"fields": ("provider_key", "provider_type", "api_base", "is_enabled", "state")}),
        (_("API key"), {"fields": ("key_state", "new_api_key", "remove_api_key")}),
        (_("Share of the calls"), {"fields": ("priority", "weight", "supports_streaming")}),
        (_("Models and endpoints"), {"fields": ("model_mapping", "endpoints")}),
        (
            _("More about keys"),
            {
                "classes": ("collapse",),
                "fields": ("api_key_env", "new_extra_api_keys", "remove_extra_api_keys"),
            },
        ),
        (
            _("More about the address"),
            {"classes": ("collapse",), "fields": ("provider_params", "allow_internal_address")},
        ),
        (
            _("Instead of the settings"),
            {
                "classes": ("collapse",),
                "fields": ("inject_stream_usage", "http_max_retries", *TIMEOUTS, "policy"),
            },
        ),
        (None, {"fields": ("created_at", "updated_at")}),
    )

    class Media:
        css = {"all": ("proxy/providers.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """A new one has no state yet, and nothing to be removed."""
        shown: Any = self.fieldsets if obj else self.fieldsets[:-1]
        hidden = () if obj else OF_AN_OLD_ONE
        return [
            (title, options | {"fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in shown
        ]

    @admin.display(description=_("API key"))
    def key_state(self, provider: Provider) -> Any:
        return KEY_STATES[provider.api_key_state]

    @admin.display(description=_("state"))
    def state(self, provider: Provider) -> Any:
        found = standing_of(provider)
        is_silent = found.status == "disabled" or (found.status == "healthy" and not found.refused_keys)
        said = "" if is_silent else found.words
        return format_html(
            '<span class="provider-state provider-{}">● {}<span class="provider-words">{}</span></span>',
            found.status,
            STATES[found.status],
            said,
        )

    @admin.action(description=_("Test the connection of selected providers"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        self._test(request, queryset)

    @admin.action(description=_("Reset the state of selected providers"), permissions=["change"])
    def reset_state(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        for provider in queryset:
            standing.reset(provider.pk)
            audit.record(actors.of(request), "provider.reset", provider, request=request)
        messages.success(request, _("They get calls again, with all their keys."))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        preset = presets.find(request.GET.get("preset", ""))
        named = {"provider_key": request.GET["preset"], **preset.fields()} if preset else {}
        return super().get_changeform_initial_data(request) | named

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        titles = [(name, preset.title) for name, preset in presets.PRESETS.items()]
        more = {"presets": titles, "types": TYPES}
        return super().render_change_form(request, context | more, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Provider, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._tested(request, obj) or super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Provider) -> HttpResponse:
        return self._tested(request, obj) or super().response_change(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Who would be left without a provider stands in the way, by name."""
        to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, needed, [*protected, *(user for row in objs for user in users_of(row))]

    def _tested(self, request: HttpRequest, provider: Provider) -> HttpResponse | None:
        if "_test" not in request.POST:
            return None
        self._test(request, [provider])
        return redirect(reverse("admin:proxy_provider_change", args=[provider.pk]))

    def _test(self, request: HttpRequest, found: Iterable[Provider]) -> None:
        questions = [(rows.provider_of(row), None) for row in found]
        held = rules()
        for report in check.run(questions):
            standing.note(report.provider, report.outcome, held)
            _say(request, report)


def _say(request: HttpRequest, report: Report) -> None:
    level = messages.SUCCESS if report.is_ok else messages.ERROR
    name, words = report.provider.provider_key, report.words
    messages.add_message(request, level, _("Provider %(name)s: %(words)s") % {"name": name, "words": words})
