"""Dispatchers in the admin: where events go, how that fares, and whether a test event arrives."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from accounts.errors import Refused
from accounts.secrets import upstreamkeys
from logs_app.dispatching import plan, state, trial
from logs_app.dispatching.plan import BadPlan
from logs_app.dispatching.state import State
from logs_app.events import subscriptions
from logs_app.models import Dispatcher

# A new one fares in no way yet, and has nothing to be removed.
OF_A_NEW_ONE: Any = (
    (None, {"fields": ("name", "service", "endpoint", "new_api_key", "is_enabled")}),
    (_("Which events, and how"), {"fields": ("filter", "options", "batch_size")}),
)


class DispatcherForm(forms.ModelForm):
    new_api_key = forms.CharField(
        label=_("New API key"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: stays as it is."),
    )
    remove_api_key = forms.BooleanField(label=_("Remove the API key"), required=False)

    class Meta:
        model = Dispatcher
        fields = ("name", "service", "endpoint", "options", "filter", "batch_size", "is_enabled")
        widgets = {name: forms.Textarea(attrs={"rows": 3, "cols": 80}) for name in ("options", "filter")}

    def clean_new_api_key(self) -> str:
        try:
            return upstreamkeys.chosen(self.cleaned_data["new_api_key"], "api_key")
        except Refused as refused:
            raise forms.ValidationError(refused.message) from None

    def clean_options(self) -> Any:
        return self.cleaned_data["options"] or {}

    def clean_filter(self) -> Any:
        return self.cleaned_data["filter"] or {}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("remove_api_key"):
            self.instance.api_key = ""
        if given.get("new_api_key"):
            self.instance.api_key = given["new_api_key"]
        return given

    def _post_clean(self) -> None:
        """The row has its values only now."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors or not self.has_changed() or set(self.changed_data) == {"is_enabled"}:
            return
        try:
            plan.of_row(self.instance).check()
        except BadPlan as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))


@admin.register(Dispatcher)
class DispatcherAdmin(AuditedAdmin):
    audit_kind = "dispatcher"
    form = DispatcherForm
    change_form_template = "admin/logs_app/dispatcher/change_form.html"
    list_display = (
        "name",
        "service",
        "endpoint",
        "state",
        "lag",
        "delivered",
        "undelivered",
        "last_success",
    )
    list_filter = ("service", "is_enabled")
    search_fields = ("name", "endpoint")
    readonly_fields = ("state", "last_error", "undelivered", "has_key", "created_at", "updated_at")
    actions = ("test_event",)
    fieldsets = (
        (None, {"fields": ("name", "service", "endpoint", "is_enabled")}),
        (_("How it fares"), {"fields": ("state", "last_error", "undelivered")}),
        (_("API key"), {"fields": ("has_key", "new_api_key", "remove_api_key")}),
        (_("Which events, and how"), {"fields": ("filter", "options", "batch_size")}),
        (None, {"fields": ("created_at", "updated_at")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Dispatcher | None = None) -> Any:
        return self.fieldsets if obj else OF_A_NEW_ONE

    def get_readonly_fields(self, request: HttpRequest, obj: Dispatcher | None = None) -> Any:
        """Its name is where it stopped."""
        return (*self.readonly_fields, "name") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Dispatcher, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            subscriptions.begin(obj.name, "now")

    def delete_model(self, request: HttpRequest, obj: Dispatcher) -> None:
        super().delete_model(request, obj)
        subscriptions.end(obj.name)

    @admin.display(description=_("state"))
    def state(self, row: Dispatcher) -> Any:
        found = self._state(row)
        if not row.is_enabled:
            return _("disabled")
        if found.is_failing:
            return _("failing")
        return _("at work") if found.is_running else _("not at work")

    @admin.display(description=_("to go"))
    def lag(self, row: Dispatcher) -> int:
        return self._state(row).lag

    @admin.display(description=_("delivered"))
    def delivered(self, row: Dispatcher) -> int:
        return self._state(row).delivered

    @admin.display(description=_("undelivered"))
    def undelivered(self, row: Dispatcher) -> Any:
        count = self._state(row).dead_letters
        url = f"{reverse('admin:logs_app_deadletter_changelist')}?subscriber={row.name}"
        return format_html('<a href="{}">{}</a>', url, count) if count else count

    @admin.display(description=_("last success"))
    def last_success(self, row: Dispatcher) -> Any:
        return self._state(row).last_success_at

    @admin.display(description=_("last error"))
    def last_error(self, row: Dispatcher) -> str:
        found = self._state(row)
        return (
            f"{found.last_error_at:%Y-%m-%d %H:%M:%S} UTC: {found.last_error}" if found.last_error_at else ""
        )

    @admin.display(description=_("API key"))
    def has_key(self, row: Dispatcher) -> Any:
        return _("set") if row.__dict__["api_key"] else _("not set")

    @admin.action(
        description=_("Send a test event to selected %(verbose_name_plural)s"), permissions=["change"]
    )
    def test_event(self, request: HttpRequest, queryset: QuerySet[Dispatcher]) -> None:
        for row in queryset:
            _send(request, row)

    def response_add(self, request: HttpRequest, obj: Dispatcher, *args: Any, **kwargs: Any) -> HttpResponse:
        return _tested(request, obj) or super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Dispatcher) -> HttpResponse:
        return _tested(request, obj) or super().response_change(request, obj)

    def _state(self, row: Dispatcher) -> State:
        """Asked once for each row of a page."""
        if "state" not in row.__dict__:
            row.__dict__["state"] = state.of(row.name)
        found: State = row.__dict__["state"]
        return found


def _tested(request: HttpRequest, row: Dispatcher) -> HttpResponse | None:
    if "_test" not in request.POST:
        return None
    _send(request, row)
    return redirect(reverse("admin:logs_app_dispatcher_change", args=[row.pk]))


def _send(request: HttpRequest, row: Dispatcher) -> None:
    sent = trial.send(plan.of_row(row))
    level = messages.SUCCESS if sent.has_arrived else messages.ERROR
    words = _("Dispatcher %(name)s: %(words)s") % {"name": row.name, "words": sent.words}
    messages.add_message(request, level, words)
