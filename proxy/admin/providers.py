"""Providers in the admin: who they are, how they are, and whether they answer."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..api.providers import preview, users_of
from ..models import TIMEOUTS, Provider
from ..provider_types import TYPES, presets
from . import facts
from .providerform import ProviderForm
from .providertests import TestedAdmin
from .where import WhereAdmin

KEY_STATES = {
    "set": _("set"),
    "not_set": _("not set"),
    "unreadable": _("unreadable: enter it again"),
}
OF_AN_OLD_ONE = ("key_state", "remove_api_key", "remove_extra_api_keys")


@admin.register(Provider)
class ProviderAdmin(TestedAdmin, WhereAdmin):
    audit_kind = "provider"
    form = ProviderForm
    change_list_template = "proxy/provider_change_list.html"
    change_form_template = "proxy/provider_change_form.html"
    list_display = ("named", "state", "share_of_calls", "lately", "keys", "buttons")
    list_filter = ("is_enabled", "provider_type")
    search_fields = ("provider_key", "api_base")
    readonly_fields = ("key_state", "created_at", "updated_at")
    actions = ("test_connection", "reset_state")
    fieldsets = (
        (None, {"fields": ("provider_key", "provider_type", "api_base", "is_enabled")}),
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
        css = {"all": ("proxy/routing.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """A new one has no state yet, and nothing to be removed."""
        shown: Any = self.fieldsets if obj else self.fieldsets[:-1]
        hidden = () if obj else OF_AN_OLD_ONE
        return [
            (title, options | {"fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in shown
        ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        for row, known in zip(rows, facts.of(rows), strict=True):
            row.facts, row.is_changeable = known, self.has_change_permission(request, row)
        changelist.result_list = rows
        return changelist

    @admin.display(description=_("provider"), ordering="provider_key")
    def named(self, provider: Provider) -> SafeString:
        return format_html(
            '<span class="provider-name">{}</span><span class="provider-words">{} <code>{}</code></span>',
            provider.provider_key,
            provider.provider_type,
            provider.api_base,
        )

    @admin.display(description=_("state"))
    def state(self, provider: Any) -> SafeString:
        return facts.state_cell(provider.facts)

    @admin.display(description=_("share of the calls"), ordering="priority")
    def share_of_calls(self, provider: Any) -> SafeString:
        known = provider.facts
        tier = _("priority %(n)d, weight %(weight)d") % {"n": provider.priority, "weight": provider.weight}
        return format_html(
            '<span class="provider-shares">{}{}</span><span class="provider-words">{}</span>',
            known.due_bar,
            known.got_bar,
            tier,
        )

    @admin.display(description=_("last 24 hours"))
    def lately(self, provider: Any) -> SafeString:
        known = provider.facts
        return format_html(
            '{}<span class="provider-words">{}</span><span class="provider-words provider-errors">{}</span>',
            known.requests,
            known.times,
            known.errors,
        )

    @admin.display(description=_("API keys"))
    def keys(self, provider: Any) -> SafeString:
        return format_html(
            '{}<span class="provider-words provider-errors">{}</span>',
            provider.facts.keys,
            provider.facts.refused,
        )

    @admin.display(description="")
    def buttons(self, provider: Any) -> str:
        if not provider.is_changeable:
            return ""
        return render_to_string(
            "proxy/provider_buttons.html", {"provider": provider, "facts": provider.facts}
        )

    @admin.display(description=_("API key"))
    def key_state(self, provider: Provider) -> Any:
        state, shown = KEY_STATES[provider.api_key_state], preview(provider)
        if provider.api_key_state != "set":
            return state
        return format_html("{} <code>{}</code>", state, shown)

    @admin.action(description=_("Test the connection of selected providers"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        self.test(request, queryset)

    @admin.action(description=_("Reset the state of selected providers"), permissions=["change"])
    def reset_state(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        self.reset(request, queryset)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        preset = presets.find(request.GET.get("preset", ""))
        named = {"provider_key": request.GET["preset"], **preset.fields()} if preset else {}
        return super().get_changeform_initial_data(request) | named

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        chosen = request.GET.get("preset", "")
        preset = presets.find(chosen)
        others = Provider.objects.filter(is_enabled=True).exclude(pk=obj.pk if obj else None)
        more = {
            "presets": presets.PRESETS.items(),
            "chosen": chosen,
            "preset": preset,
            "preset_note": with_code(preset.note) if preset else "",
            "types": TYPES,
            "facts": facts.of([obj])[0] if obj else None,
            "others": json.dumps(list(others.values("provider_key", "priority", "weight"))),
        }
        return super().render_change_form(request, context | more, *args, obj=obj, **kwargs)

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
        messages.success(request, _("Provider %(name)s was saved.") % {"name": provider.provider_key})
        self.test(request, [provider])
        return redirect(reverse("admin:proxy_provider_change", args=[provider.pk]))


def with_code(note: str) -> SafeString:
    """A note of a preset, as a sentence: what stands between backticks is code."""
    shown = (note[:1].upper() + note[1:]).split("`")
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", part) if place % 2 else part,) for place, part in enumerate(shown)),
    )
