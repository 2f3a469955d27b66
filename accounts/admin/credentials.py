"""Long-lived keys of applications."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..audit import actors, audit
from ..errors import Refused
from ..models import Credential
from ..secrets import issuing, keys
from . import confirming, secretpages
from .keypages import KeyAdmin
from .rotating import ACTION
from .rules import LIMITS, RulesForm

SHOWN = ("prefix", "former_until", "created_at", "updated_at")


class NewCredentialForm(RulesForm):
    secret = forms.CharField(
        label=_("Key"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vLargeTextField", "autocomplete": "off"}),
        help_text=_("Empty: one is generated. A key of your own has 8 to 256 characters."),
    )

    def clean_secret(self) -> str:
        try:
            return issuing.issue(self.instance, self.cleaned_data["secret"])
        except Refused as refused:
            raise ValidationError(refused.message) from None


@admin.register(Credential)
class CredentialAdmin(KeyAdmin):
    audit_kind = "credential"
    form = RulesForm
    list_display = ("named", "shown_state", "time_left", "uses", "of_project", "week", "last_used")
    search_fields = ("name", "prefix", "project__name")
    readonly_fields = SHOWN
    actions = ("disable", "enable", "extend", ACTION)

    def get_form(
        self, request: HttpRequest, obj: Credential | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if not change:
            kwargs["form"] = NewCredentialForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Credential | None = None) -> Any:
        fields = ["name", "project", "is_enabled", "expires_at", "allowed_models", "log_policy"]
        if obj is None:
            return [(None, {"fields": [*fields, "secret"]}), (_("Limits"), {"fields": LIMITS})]
        return [
            (None, {"fields": fields}),
            (_("Limits"), {"fields": LIMITS}),
            (_("As it is"), {"fields": SHOWN}),
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.shown_once = form.cleaned_data["secret"]
            if warning := keys.warning(obj.shown_once):
                messages.warning(request, warning)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        title = _("Key of %(name)s") % {"name": obj.name}
        return secretpages.show_once(request, self, title, [(obj, obj.shown_once)])

    @admin.action(description=_("Switch selected %(verbose_name_plural)s off"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Credential]) -> HttpResponse | None:
        if not confirming.is_confirmed(request):
            count = queryset.count()
            title = ngettext("Switch %(n)d key off", "Switch %(n)d keys off", count) % {"n": count}
            return confirming.ask(
                self, request, queryset, action="disable", title=title, verb=title, is_dangerous=True,
                words=_("Every process of the relay refuses them within a second; a call that is under way "
                        "may end. They can be switched on again."),
            )  # fmt: skip
        count = self._switch(request, queryset.filter(is_enabled=True), False)
        messages.success(request, ngettext("%d key is off.", "%d keys are off.", count) % count)
        return None

    @admin.action(description=_("Switch selected %(verbose_name_plural)s on"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        count = self._switch(request, queryset.filter(is_enabled=False), True)
        messages.success(request, ngettext("%d key is on.", "%d keys are on.", count) % count)

    def _switch(self, request: HttpRequest, rows: QuerySet[Credential], is_enabled: bool) -> int:
        switched = list(rows)
        for row in switched:
            row.is_enabled = is_enabled
            row.save(update_fields=["is_enabled", "updated_at"])
            before, after = {"is_enabled": not is_enabled}, {"is_enabled": is_enabled}
            audit.record(
                actors.of(request), "credential.update", row, before=before, after=after, request=request
            )
        return len(switched)
