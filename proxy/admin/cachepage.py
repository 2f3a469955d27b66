"""The page of the response cache: how it is, and which of its answers are to go.

What is to go is in the address, so that other pages can lead here with a purge that waits for a yes.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import money
from accounts.audit import actors
from accounts.errors import Refused
from accounts.models import Project
from logs_app.admin import drawing

from ..api import cache
from ..cache import forgetting, savings
from ..cache.forgetting import Figures
from .where import MOST_PROJECTS

VIEW, PURGE = "proxy.view_cachepurge", "proxy.add_cachepurge"


class PurgeForm(forms.Form):
    project = forms.CharField(
        label=_("Project"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cache-projects"}),
    )
    model = forms.CharField(label=_("Model"), required=False, max_length=200)
    provider = forms.CharField(label=_("Provider"), required=False, max_length=200)
    tag = forms.CharField(label=_("Tag"), required=False, max_length=200)
    prefix = forms.CharField(
        label=_("Path begins with"),
        required=False,
        max_length=cache.LONGEST,
        widget=forms.TextInput(attrs={"placeholder": "/v1/chat"}),
    )
    url = forms.CharField(label=_("Path or address"), required=False, max_length=cache.LONGEST)
    method = forms.ChoiceField(
        label=_("Method"), required=False, choices=[("", _("any")), *((name, name) for name in cache.METHODS)]
    )
    all = forms.BooleanField(label=_("Everything"), required=False)

    def clean(self) -> dict[str, Any]:
        """What is to go, and nothing that was left empty."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        try:
            return {} if self.errors else cache.criteria_of(given)
        except Refused as refused:
            raise forms.ValidationError(refused.message) from None


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """For those who may see purges; to purge is another permission. Behind the admin's own door."""
    may_purge = request.user.has_perm(PURGE)
    if not request.user.has_perm(VIEW) or (request.method == "POST" and not may_purge):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    is_asked = may_purge and (request.method == "POST" or not PurgeForm.base_fields.keys().isdisjoint(given))
    form = PurgeForm(given if is_asked else None, label_suffix="")
    context = {"form": form, "may_purge": may_purge}
    if form.is_valid():
        if request.method == "POST":
            try:
                return _purged(request, form.cleaned_data)
            except Refused as refused:
                context["refusal"] = refused.message
        else:
            context["asked"] = _named(form)
    return TemplateResponse(request, "proxy/cache.html", _context(request) | context)


def _context(request: HttpRequest) -> dict[str, Any]:
    figures = forgetting.figures()
    return {
        **admin.site.each_context(request),
        "title": _("Response cache"),
        "figures": figures,
        "details": _details(figures),
        "hit_rate": _percent(figures["hit_rate"]),
        "saved": money.shown(savings.nanos(request.user)),
        "saved_days": savings.DAYS,
        "projects": Project.objects.listed().order_by("name").values_list("name", flat=True)[:MOST_PROJECTS],
    }


def _details(figures: Figures) -> list[tuple[Any, Any]]:
    return [
        (_("Stored so far"), figures["stored"]),
        (_("Given while the answer came to another"), figures["collapsed"]),
        (_("Confirmed by the provider"), figures["revalidated"]),
        (_("Given after their time"), figures["stale"]),
        (_("Asked for it and are none for a cache"), figures["bypassed"]),
        (_("Made room for others"), figures["evicted"]),
        (_("Went when their time was over"), figures["expired"]),
        (_("Purged"), figures["purged"]),
        (_("Untrue since a call changed something"), figures["invalidated"]),
        (_("Redis did not answer, or not readably"), figures["failures"]),
    ]


def _percent(share: float | None) -> str:
    return drawing.EMPTY if share is None else f"{share:.1%}"


def _named(form: PurgeForm) -> list[tuple[Any, str]]:
    """In words, for whoever is to say yes; a project by its name. Empty: everything."""
    shown = dict(form.cleaned_data)
    if project := Project.objects.filter(pk=shown.get("project")).first():
        shown["project"] = project.name
    return [(form.fields[name].label, value) for name, value in shown.items()]


def _purged(request: HttpRequest, criteria: dict[str, Any]) -> HttpResponse:
    deleted = cache.purge(criteria, actors.of(request))
    words = ngettext(
        "%(n)d stored answer is gone. No worker gives it a second from now.",
        "%(n)d stored answers are gone. No worker gives any of it a second from now.",
        deleted,
    )
    messages.success(request, words % {"n": deleted})
    return redirect("cache")
