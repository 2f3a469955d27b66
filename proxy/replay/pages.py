"""The page of the admin on which a record is asked again."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.audit import actors
from accounts.errors import Refused
from logs_app.admin import filterbar
from logs_app.models import LogRecord
from logs_app.presentation import presentation
from logs_app.presentation.onerecord import revealed
from logs_app.recordpage import comparing
from proxy.playground import choices
from proxy.replay import replaying
from proxy.replay.changes import Changes, system_of
from proxy.replay.replaying import Plan

PERMISSION = "logs_app.add_logrecord"


class ReplayForm(forms.Form):
    model = forms.CharField(
        label=_("Model"), required=False, widget=forms.TextInput({"list": "replay-models"})
    )
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    system = forms.CharField(
        label=_("System prompt"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("That of the original. As soon as you change it, yours is asked."),
    )
    set = forms.JSONField(
        label=_("Set"),
        required=False,
        initial=dict,
        help_text=_('Members of the request, as JSON: {"temperature": 0}'),
    )
    drop = forms.CharField(label=_("Leave out"), required=False, help_text=_("Names, separated by spaces."))
    key = forms.ChoiceField(label=_("Key"), required=False)
    cache = forms.BooleanField(
        label=_("The response cache may answer"),
        required=False,
        help_text=_(
            "As it would a client. Without it the provider is asked. What workers keep in their memory "
            "is not seen here, only what is in Redis."
        ),
    )

    def __init__(self, user: Any, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        providers = [(name, name) for name in choices.providers()]
        fields: Any = self.fields
        fields["provider"].choices = [("", _("as the relay chooses")), *providers]
        fields["key"].choices = [("", _("that of the original")), *choices.keys(user)]

    def clean_set(self) -> dict[str, Any]:
        given = self.cleaned_data["set"] or {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("This is no JSON object."))
        return given

    def clean_system(self) -> str | None:
        """None where it is that of the original. Browsers send each end of a line as two characters."""
        given, asked = (
            _lines(text) for text in (self.cleaned_data["system"], self.initial.get("system", ""))
        )
        return None if given == asked else given

    def changes(self) -> Changes:
        given = self.cleaned_data
        return Changes(
            model=given["model"] or None,
            provider=given["provider"] or None,
            system=given["system"],
            set=given["set"],
            drop=tuple(given["drop"].split()),
        )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def replay(request: HttpRequest, pk: str) -> HttpResponse:
    """For those who may make records; behind the admin's own door."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    record = revealed(request, LogRecord.objects.revealed_to(request.user), pk)
    asked = system_of(record.path, presentation.request_body(record.payload))
    form = ReplayForm(request.user, request.POST or None, initial={"system": asked})
    context = {
        **admin.site.each_context(request),
        "title": _("Replay"),
        "record": record,
        "form": form,
        "models": filterbar.seen()["model"],
    }
    if request.method == "POST" and form.is_valid():
        context |= _asked(request, record, form)
    return TemplateResponse(request, "proxy/replay.html", context)


def _asked(request: HttpRequest, record: LogRecord, form: ReplayForm) -> dict[str, Any]:
    try:
        given, actor = form.cleaned_data, actors.of(request)
        key = choices.name_of(choices.find(request.user, given["key"], actor)) if given["key"] else None
        plan = Plan.of(record, form.changes(), key, wants_cache=given["cache"])
        replaying.note(plan, actor, request)
        again = async_to_sync(replaying.run)(plan)
    except Refused as refused:
        return {"refusal": refused.message}
    return comparing.of(record, again)
