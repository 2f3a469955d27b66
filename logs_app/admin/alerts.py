"""Alerts in the admin: what somebody wants to be told of, how it stands, and what it would say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import drawing
from accounts.admin.audited import AuditedAdmin
from accounts.errors import Refused
from accounts.secrets import upstreamkeys
from logs_app.alerts import doubts, telling, trying
from logs_app.alerts.reading import SCOPE_WORDS
from logs_app.models import AlertRule, AlertState
from logs_app.models.alerts import SCOPE, Kind

from .filterbar import seen

MOST_CHARACTERS = 80  # of what is the case, in the list
SECRETS = ("webhook_url", "webhook_secret")
UNITS: dict[str, Any] = {
    Kind.ERROR_RATE: _("%s %%"),
    Kind.LATENCY: _("%s ms"),
    Kind.SPEND: "$%s",
    Kind.EXPIRY: _("%s hours left"),
    Kind.QUOTA: _("%s %% left"),
}


class Lines(forms.Textarea):
    """A list of texts, one a line."""

    def format_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else str(value or "")


class LinesField(forms.CharField):
    widget = Lines(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or ()) != self.clean(data)

    def to_python(self, value: Any) -> Any:
        return [line for each in str(value or "").splitlines() if (line := each.strip())]


class AlertRuleForm(forms.ModelForm):
    emails = LinesField(
        label=_("E-mail to"), required=False, help_text=_("One address a line. Sending needs EMAIL_URL.")
    )
    new_webhook_url = forms.CharField(
        label=_("New webhook"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vLargeTextField", "autocomplete": "off"}),
        help_text=_("A URL, stored encrypted and never shown. Empty: stays as it is."),
    )
    new_webhook_secret = forms.CharField(
        label=_("New secret of the webhook"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Signs what is sent (Standard Webhooks). Empty: stays as it is."),
    )
    remove_webhook = forms.BooleanField(label=_("Remove the webhook"), required=False)

    class Meta:
        widgets = {
            name: forms.TextInput(attrs={"list": f"seen-{name}", "autocomplete": "off"}) for name in SCOPE
        }
        help_texts = {
            "least_requests": _(
                "Of failed calls and latency: with fewer calls in that time nothing is judged, for one "
                "failure at night is no 100 %."
            )
        }

    def clean_new_webhook_url(self) -> str:
        url = _chosen(self.cleaned_data["new_webhook_url"])
        if refusal := telling.refusal_of(url):
            raise forms.ValidationError(refusal)
        return url

    def clean_new_webhook_secret(self) -> str:
        return _chosen(self.cleaned_data["new_webhook_secret"])

    def save(self, commit: bool = True) -> AlertRule:
        for name in SECRETS:
            if self.cleaned_data.get("remove_webhook"):
                setattr(self.instance, name, "")
            if given := self.cleaned_data[f"new_{name}"]:
                setattr(self.instance, name, given)
        return super().save(commit)


def _chosen(given: str) -> str:
    try:
        return upstreamkeys.chosen(given, "webhook")
    except Refused as refused:
        raise forms.ValidationError(refused.message) from None


class StateInline(admin.TabularInline):
    model = AlertState
    verbose_name_plural = _("what is and was the case")
    # Each row is headed by its words.
    fields = readonly_fields = ("now", "node", "opened_at", "resolved_at", "told_at", "news", "error")
    extra = 0
    can_delete = False

    @admin.display(description=_("now"))
    def now(self, state: AlertState) -> SafeString:
        return drawing.badge("error", _("open")) if state.is_open else drawing.badge("muted", _("ended"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AlertRule)
class AlertRuleAdmin(AuditedAdmin):
    audit_kind = "alertrule"
    form = AlertRuleForm
    list_display = ("name", "state", "kind", "scope_words", "limit", "told", "is_enabled")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name",)
    readonly_fields = ("has_webhook", "evaluated_at", "evaluation_error", "created_at", "updated_at")
    actions = ("attempt", "send_test")
    inlines = (StateInline,)
    fieldsets = (
        (None, {"fields": ("name", "kind", "threshold", "clear_threshold", "is_enabled")}),
        (
            _("Of which calls, providers or keys"),
            {
                "fields": SCOPE,
                "description": _(
                    "Names or ids; empty is all. Alerts of calls and spend know all four, those of providers "
                    "only the provider, and those of keys and quotas the project and the key."
                ),
            },
        ),
        (
            _("How it is judged"),
            {"fields": ("window_minutes", "least_requests", "percentile", "period", "cool_down_minutes")},
        ),
        (
            _("Who is told"),
            {"fields": ("emails", "has_webhook", "new_webhook_url", "new_webhook_secret", "remove_webhook")},
        ),
        (None, {"fields": ("evaluated_at", "evaluation_error", "created_at", "updated_at")}),
    )

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for doubt in doubts.of(obj):
            messages.warning(request, doubt)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        return super().render_change_form(request, context | {"seen": seen()}, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        return super().get_queryset(request).prefetch_related("states")

    @admin.display(description=_("now"))
    def state(self, rule: AlertRule) -> str:
        """Open ones in words; of many the first."""
        if rule.evaluation_error:
            return gettext("cannot be read: %s") % rule.evaluation_error
        found = [state for state in rule.states.all() if state.is_open]
        if not found:
            return gettext("quiet")
        more = gettext(" and %d more") % (len(found) - 1) if len(found) > 1 else ""
        return f"● {Truncator(found[0].words).chars(MOST_CHARACTERS)}{more}"

    @admin.display(description=_("of"))
    def scope_words(self, rule: AlertRule) -> str:
        return ", ".join(str(SCOPE_WORDS[name]) % value for name, value in rule.scope.items()) or gettext(
            "all"
        )

    @admin.display(description=_("threshold"), ordering="threshold")
    def limit(self, rule: AlertRule) -> str:
        return UNITS[rule.kind] % f"{rule.threshold:,.10g}" if rule.kind in UNITS else "–"

    @admin.display(description=_("told"))
    def told(self, rule: AlertRule) -> str:
        ways = [*rule.emails, *([gettext("webhook")] if rule.__dict__["webhook_url"] else [])]
        return ", ".join(ways) or gettext("nobody")

    @admin.display(description=_("webhook"))
    def has_webhook(self, rule: AlertRule) -> str:
        if not rule.__dict__["webhook_url"]:
            return gettext("not set")
        return gettext("set, signed") if rule.__dict__["webhook_secret"] else gettext("set, not signed")

    @admin.action(description=_("Try selected alerts: what they would say now"), permissions=["view"])
    def attempt(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> TemplateResponse:
        return self._tried(request, [{"rule": rule} for rule in queryset])

    @admin.action(description=_("Send a test of selected alerts"), permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> TemplateResponse:
        tried = []
        for rule in queryset:
            reached, error = trying.send(rule)
            tried.append({"rule": rule, "reached": ", ".join(reached), "error": error, "is_sent": True})
        return self._tried(request, tried)

    def _tried(self, request: HttpRequest, tried: list[dict[str, Any]]) -> TemplateResponse:
        for each in tried:
            each["findings"] = trying.findings(each["rule"])
        context = self.admin_site.each_context(request) | {
            "title": _("What the alerts would say now"),
            "opts": self.opts,
            "tried": tried,
        }
        return TemplateResponse(request, "admin/logs_app/alertrule/tried.html", context)
