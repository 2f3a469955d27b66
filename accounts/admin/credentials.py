"""Long-lived keys of applications."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from .. import issuing, keys
from ..errors import Refused
from ..models import Credential
from . import secretpages
from .rotating import RotatingAdmin
from .rules import LIMITS, RulesForm
from .usage import UsageColumns


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
class CredentialAdmin(UsageColumns, RotatingAdmin):
    audit_kind = "credential"
    form = RulesForm
    list_display = ("name", "prefix", "status", "project", "uses", "last_used", "expires_at", "created_at")
    list_filter = ("is_enabled", ("project", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("project",)
    search_fields = ("name", "prefix", "project__name")
    autocomplete_fields = ("project",)
    readonly_fields = (
        "prefix",
        "status",
        "uses",
        "last_used",
        "former_expires_at",
        "created_at",
        "updated_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        rows: Any = super().get_queryset(request)
        return rows.listed()

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
        shown = ["prefix", "status", "uses", "last_used", "former_expires_at", "created_at", "updated_at"]
        return [
            (None, {"fields": fields}),
            (_("Limits"), {"fields": LIMITS}),
            (_("As it is"), {"fields": shown}),
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
        return secretpages.show_once(request, self, title, [(obj.name, obj.shown_once)])
