"""Buttons of the providers' pages: ask one whether it answers, forget that it failed, judge a mapping."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.admin.audited import AuditedAdmin
from accounts.audit import actors, audit

from ..configuration import rows
from ..health import check, standing, stored
from ..health.check import Report
from ..models import Provider
from ..routing import mapping

MOST_CHARACTERS = 200_000
MOST_MODELS = 500


class TestedAdmin(AuditedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("try/", view(require_POST(self.try_view)), name="proxy_provider_try"),
            path("mapping/", view(require_POST(self.mapping_view)), name="proxy_provider_mapping"),
            path("<int:pk>/test/", view(require_POST(self.test_view)), name="proxy_provider_test"),
            path("<int:pk>/reset/", view(require_POST(self.reset_view)), name="proxy_provider_reset"),
            *super().get_urls(),
        ]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.test(request, [self._changeable(request, pk)])
        return self._back(request)

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.reset(request, [self._changeable(request, pk)])
        return self._back(request)

    def try_view(self, request: HttpRequest) -> JsonResponse:
        """A provider as its form says, unsaved. `pk` is of the one whose keys stay as they are."""
        pk = request.POST.get("pk", "")
        row = self._changeable(request, int(pk)) if pk.isdecimal() else Provider()
        if not pk and not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request, row if pk else None, change=bool(pk))(request.POST, instance=row)
        if not form.is_valid():
            name, refusals = next(iter(form.errors.items()))
            label = form.fields[name].label if name in form.fields else ""
            return JsonResponse({"is_ok": False, "words": f"{label}: {refusals[0]}".removeprefix(": ")})
        (report,) = check.run([(rows.provider_of(form.save(commit=False)), None)])
        return JsonResponse(
            {"is_ok": report.is_ok, "words": report.words, "models": report.models[:MOST_MODELS]}
        )

    def mapping_view(self, request: HttpRequest) -> JsonResponse:
        """What is wrong with each rule of a mapping that is being written, and where a model would lead."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        return JsonResponse(judge(request.POST.get("mapping", ""), request.POST.get("model", "").strip()))

    def test(self, request: HttpRequest, found: Iterable[Provider]) -> None:
        held = stored.rules()
        for report in check.run([(rows.provider_of(row), None) for row in found]):
            standing.note(report.provider, report.outcome, held)
            _say(request, report)

    def reset(self, request: HttpRequest, found: Iterable[Provider]) -> None:
        for provider in found:
            standing.reset(provider.pk)
            audit.record(actors.of(request), "provider.reset", provider, request=request)
        messages.success(request, _("They get calls again, with all their keys."))

    def _changeable(self, request: HttpRequest, pk: int) -> Provider:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def _back(self, request: HttpRequest) -> HttpResponse:
        """To the page whose button it was."""
        came_from = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
        return redirect(came_from if is_ours else reverse("admin:proxy_provider_changelist"))


def judge(text: str, model: str) -> dict[str, Any]:
    """`rules` by what was asked: what is wrong with them; `error` is of the whole."""
    try:
        given = json.loads(text) if text.strip() else {}
    except ValueError:
        return {"error": str(_("This is no JSON.")), "rules": {}}
    if not isinstance(given, dict) or len(text) > MOST_CHARACTERS:
        return {"error": mapping.refusal_of(given) or str(_("This is too long.")), "rules": {}}
    wrong = {key: words for key, value in given.items() if (words := mapping.refusal_of_rule(key, value))}
    return {"error": "", "rules": wrong, "leads": "" if wrong or not model else _leads(given, model)}


def _leads(given: dict[str, Any], model: str) -> str:
    compiled = mapping.compile(given)
    target = compiled.upstream(model)
    if target is None:
        return str(_("This provider would not be asked for “%(model)s”.") % {"model": model})
    if rule := compiled.rule(model):
        words = _("“%(model)s” goes out as “%(name)s”, by the rule “%(rule)s”.")
        return str(words % {"model": model, "name": target.name, "rule": rule})
    return str(_("“%(model)s” goes out under its own name.") % {"model": model})


def _say(request: HttpRequest, report: Report) -> None:
    level = messages.SUCCESS if report.is_ok else messages.ERROR
    name, words = report.provider.provider_key, report.words
    messages.add_message(request, level, _("Provider %(name)s: %(words)s") % {"name": name, "words": words})
