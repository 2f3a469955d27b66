"""The page that answers where a call would go, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import drawing
from accounts.admin.audited import AuditedAdmin
from accounts.models import Project

from ..configuration import keyring, rows
from ..configuration.configuration import Snapshot
from ..health import standing
from ..models import Provider
from ..routing import destination
from ..routing.catalogue import Reason
from ..routing.destination import Destination, Line, Question
from .facts import KINDS, STATES, percent

MOST_PROJECTS = 200
ENDPOINTS = (
    "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/completions",
    "/v1/images/generations", "/v1/audio/speech", "/v1/moderations", "/v1/files", "/v1/batches",
)  # fmt: skip
REASONS = {
    Reason.NOT_OF_THE_ROUTE: gettext_lazy("The route does not name it."),
    Reason.ENDPOINT: gettext_lazy("It does not serve this endpoint."),
    Reason.MODEL: gettext_lazy("Its models do not name this one."),
    Reason.STREAM: gettext_lazy("It cannot stream this model."),
    Reason.NOT_AT_HOME: gettext_lazy("It could, but another speaks this endpoint as its own language."),
    "policy": gettext_lazy("Its policy does not allow the call."),
    "own_key": gettext_lazy("The project brings its own key, which belongs to another provider."),
    "weight": gettext_lazy("Its weight is 0: it gets no new calls."),
    "left_out": gettext_lazy("Its circuit breaker leaves it out while others are well."),
    "disabled": gettext_lazy("It is disabled."),
}  # fmt: skip


class WhereForm(forms.Form):
    model = forms.CharField(label=gettext_lazy("Model"), required=False, max_length=200)
    path = forms.CharField(
        label=gettext_lazy("Path"),
        initial=ENDPOINTS[0],
        max_length=500,
        widget=forms.TextInput(attrs={"list": "where-paths", "class": "vTextField"}),
    )
    project = forms.CharField(
        label=gettext_lazy("Project"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "where-projects", "class": "vTextField"}),
    )
    stream = forms.BooleanField(label=gettext_lazy("As a stream"), required=False)

    def clean_path(self) -> str:
        return "/" + self.cleaned_data["path"].strip().lstrip("/")

    def clean_project(self) -> Project | None:
        if not (name := self.cleaned_data["project"]):
            return None
        found = Project.objects.listed().filter(name=name).first()
        if found is None:
            raise forms.ValidationError(_("There is no project “%(name)s”.") % {"name": name})
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """One provider on the page."""

    provider: Any
    place: str
    share: SafeString | str
    model: str
    why: str
    state: SafeString | str
    words: str
    is_asked: bool


class WhereAdmin(AuditedAdmin):
    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.where_view)
        return [path("where/", page, name="proxy_provider_where"), *super().get_urls()]

    def where_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        form = WhereForm(request.GET if "path" in request.GET else None, label_suffix="")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Where would it go?"),
            "form": form,
            "paths": ENDPOINTS,
            "projects": Project.objects.listed()
            .order_by("name")
            .values_list("name", flat=True)[:MOST_PROJECTS],
            "media": self.media,
        }
        if form.is_valid():
            context |= answer(form.cleaned_data)
        return TemplateResponse(request, "proxy/where.html", context)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """For the page."""
    snapshot = rows.routing_of(0, {}, Provider.objects.db)
    rules = snapshot.settings.breaker
    found = {provider.id: standing.of(provider, rules) for provider in snapshot.providers}
    project = keyring.project_of(asked["project"]) if asked["project"] else None
    question = Question(asked["model"], asked["path"], asked["stream"], project)
    where = destination.find(question, snapshot, standing.health_of(snapshot))
    disabled = Provider.objects.filter(is_enabled=False)
    off = drawing.badge(KINDS["disabled"], STATES["disabled"])
    lines = [_told(line, found[line.provider.id]) for line in where.lines]
    lines += [Told(row, "–", "", "", str(REASONS["disabled"]), off, "", False) for row in disabled]
    return {
        "where": where,
        "lines": lines,
        "sentence": sentence(where),
        "notes": list(notes(where, snapshot)),
    }


def sentence(where: Destination) -> str:
    """The answer in one breath."""
    if where.refusal is not None:
        return where.refusal.message
    tiers: dict[int, list[Line]] = {}
    for line in where.lines:
        if line.tier:
            tiers.setdefault(line.tier, []).append(line)
    first, *others = tiers.values()
    if len(first) == 1:
        said = _("It goes to %(name)s.") % {"name": first[0].provider.provider_key}
    else:
        shares = ", ".join(f"{line.provider.provider_key} ({percent(line.share)})" for line in first)
        said = _("It goes to one of %(shares)s.") % {"shares": shares}
    if not others:
        return said
    names = ", ".join(line.provider.provider_key for tier in others for line in tier)
    return said + " " + _("If they fail: %(names)s.") % {"names": names}


def notes(where: Destination, snapshot: Snapshot) -> Any:
    """What else decides about it."""
    if where.route is not None:
        yield _("The route “%(name)s” takes it.") % {"name": where.route.name}
        if where.route.processors:
            names = " → ".join(step.name for step in where.route.processors)
            yield _("Before a provider is chosen, these steps may change it: %(names)s.") % {"names": names}
    if where.own_key:
        yield _("The project brings its own key, so the provider of that key comes first.")
    if where.is_last_resort:
        yield _("All that could are left out by their breakers: then they are asked all the same.")
    if where.kept_by:
        yield _("What such a call makes is kept at %(name)s for this project, and found there again.") % {
            "name": where.kept_by
        }
    most = snapshot.settings.max_failovers
    if where.refusal is None and sum(line.tier is not None for line in where.lines) > 1:
        yield _("When one fails, at most %(n)d others are asked before the caller sees a byte.") % {"n": most}


def _told(line: Line, found: standing.Standing) -> Told:
    share = drawing.bar(line.share, 1, percent(line.share), "info") if line.tier else ""
    if line.tier is None:
        why = line.words or str(REASONS[line.reason])
    elif line.rule:
        why = _("by the rule “%(rule)s”") % {"rule": line.rule}
    else:
        why = _("it takes every model") if line.model else _("it takes every call")
    state = drawing.badge(KINDS[found.status], STATES[found.status])
    if line.reason == Reason.UNUSABLE:
        state = drawing.badge("error", _("cannot be used"))
    words = "" if found.status == "healthy" else found.words
    place = str(line.tier or "–")
    return Told(line.provider, place, share, line.model or "", why, state, words, line.tier is not None)
