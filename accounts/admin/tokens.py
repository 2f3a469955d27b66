"""Withering tokens of projects. None is deleted: a revoked one stays, for the records that name it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..audit import actors
from ..models import WitheringToken
from ..tokens import durations, tokens
from . import confirming, secretpages, words
from .keypages import KeyAdmin
from .rotating import ACTION
from .rules import LIMITS

NEVER = "never"


class NewTokenForm(forms.ModelForm):
    lifetime = forms.CharField(label=_("Lives for"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = settings.DEFAULT_TOKEN_LIFETIME
        said = {"usual": words.duration(usual.total_seconds()) if usual else NEVER}
        help_text = _("Such as 30m, 24h, 7d, or never. Empty: %(usual)s.") % said
        self.fields["lifetime"].help_text = help_text

    def clean_project(self) -> Any:
        project = self.cleaned_data["project"]
        if not project.is_active:
            raise ValidationError(_("The project is inactive: its keys would be refused."))
        return project

    def clean_lifetime(self) -> dict[str, Any]:
        """As `lifetimes.end_of` takes it."""
        text = self.cleaned_data["lifetime"].strip()
        if not text or text == NEVER:
            return {"expires_at": None} if text else {}
        try:
            return {"expires_at": timezone.now() + durations.parse(text)}
        except ValueError as error:
            raise ValidationError(_("This %(error)s") % {"error": error}) from None


@admin.register(WitheringToken)
class TokenAdmin(KeyAdmin):
    audit_kind = "token"
    list_display = ("named", "shown_state", "time_left", "uses", "of_project", "week", "last_used")
    search_fields = ("=id", "name", "prefix", "project__name")
    actions = ("revoke", "extend", ACTION, "reactivate")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("project", "id", "prefix", "revoked_at", "former_until", "created_at") if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if not change:
            kwargs["form"] = NewTokenForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        born = ["is_active", "expires_at"] if obj else ["lifetime"]
        fieldsets = [
            (None, {"fields": ["project", "name", *born, "max_requests", "log_policy"]}),
            (_("Limits"), {"fields": LIMITS}),
        ]
        if obj:
            fieldsets.append((_("As it is"), {"fields": self.get_readonly_fields(request, obj)[1:]}))
        return fieldsets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            self._create(request, obj, form.cleaned_data)
            return
        obj.max_requests = tokens.whole_quota(obj.max_requests)
        obj.revoked_at = None if obj.is_active else obj.revoked_at or timezone.now()
        super().save_model(request, obj, form, change)

    def _create(self, request: HttpRequest, obj: Any, chosen: dict[str, Any]) -> None:
        rest = {name: chosen[name] for name in tokens.SETTINGS}
        token, obj.shown_once = tokens.create(
            chosen["project"],
            actors.of(request),
            lifetime=chosen["lifetime"],
            max_requests=chosen["max_requests"],
            **rest,
        )
        obj.pk = token.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return secretpages.show_once(request, self, _("New token"), [(obj, obj.shown_once)])

    @admin.action(description=_("Revoke selected %(verbose_name_plural)s"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if not confirming.is_confirmed(request):
            count = queryset.count()
            title = ngettext("Revoke %(n)d token", "Revoke %(n)d tokens", count) % {"n": count}
            return confirming.ask(
                self, request, queryset, action="revoke", title=title, verb=title, is_dangerous=True,
                words=_("Every process of the relay refuses them within a second; a call that is under way "
                        "may end. Their records stay, and they can be made active again."),
            )  # fmt: skip
        done = [token for token in queryset if tokens.revoke(token, actors.of(request))]
        for token in done:
            self.log_change(request, token, "Revoked.")
        count = len(done)
        messages.success(request, ngettext("%d token was revoked.", "%d tokens were revoked.", count) % count)
        return None

    @admin.action(description=_("Reactivate selected %(verbose_name_plural)s"), permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = [token for token in queryset if tokens.reactivate(token, actors.of(request))]
        for token in done:
            self.log_change(request, token, "Reactivated.")
        count = len(done)
        messages.success(request, ngettext("%d token is active.", "%d tokens are active.", count) % count)
