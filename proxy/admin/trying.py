"""What a sample request looks like after the steps of a route. No model is asked and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin
from logs_app.presentation import differences

from ..configuration.rows import route_of
from ..processors import preview

SAMPLE = {
    "model": "gpt-4o",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
}


class Indented(json.JSONEncoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"indent": 2})


class TrialForm(forms.Form):
    path = forms.CharField(label=_("Path"), initial="/v1/chat/completions")
    request = forms.JSONField(
        label=_("Request"),
        initial=SAMPLE,
        widget=forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField"}),
        encoder=Indented,
    )

    def clean_request(self) -> dict[str, Any]:
        if not isinstance(self.cleaned_data["request"], dict):
            raise forms.ValidationError(_("A request is a JSON object."))
        return self.cleaned_data["request"]


def lines(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Of both as JSON: what stayed, what went, what came."""
    texts = (json.dumps(each, indent=2, ensure_ascii=False) for each in (before, after))
    for block in differences.of_texts(*texts):
        if block.kind == "equal":
            yield from (("same", line) for line in block.before.splitlines())
        else:
            yield from (("less", line) for line in block.before.splitlines())
            yield from (("more", line) for line in block.after.splitlines())


class TriedAdmin(AuditedAdmin):
    change_form_template = "proxy/route_change_form.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.trial_view)
        return [path("<path:object_id>/try/", page, name="proxy_route_try"), *super().get_urls()]

    def trial_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied  # a step may be somebody's own program
        form = TrialForm(request.POST or None)
        shown: dict[str, Any] = {"form": form, "route": row}
        if form.is_valid():
            asked = form.cleaned_data["request"]
            steps = route_of(row).processors
            after, taken = async_to_sync(preview.run)(steps, form.cleaned_data["path"], asked)
            shown |= {"differs": after != asked, "lines": list(lines(asked, after)), "taken": taken}
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Try it"), **shown}
        return TemplateResponse(request, "proxy/route_try.html", context)
