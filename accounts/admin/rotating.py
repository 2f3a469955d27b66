"""New secrets for the keys of a list or of one page. The page that asks carries an id of the run, so that a
browser that sends it twice rotates once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from ..audit import actors
from ..secrets import rotation
from ..tokens import durations
from . import confirming, secretpages
from .audited import AuditedAdmin

ACTION = "rotate_secrets"


class RotationForm(forms.Form):
    grace = forms.CharField(
        label=_("The old secret works for another"),
        initial="24h",
        help_text=_("Such as 30m, 24h, 7d. 0: it stops at once."),
    )
    run = forms.CharField(widget=forms.HiddenInput)

    def clean_grace(self) -> timedelta:
        try:
            return durations.parse(self.cleaned_data["grace"])
        except ValueError as error:
            raise forms.ValidationError(_("This %(error)s") % {"error": error}) from None


class RotatingAdmin(AuditedAdmin):
    actions: Sequence[str] = (ACTION,)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_rotate"
        page = self.admin_site.admin_view(self.rotation_view)
        return [path("<path:object_id>/rotate/", page, name=name), *super().get_urls()]

    def rotation_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        rows = self.get_queryset(request).filter(pk=obj.pk)
        return self._ask(request, rows, RotationForm(initial={"run": uuid.uuid4().hex}))

    @admin.action(
        description=_("Rotate the secrets of selected %(verbose_name_plural)s"), permissions=["change"]
    )
    def rotate_secrets(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if "run" not in request.POST:
            return self._ask(request, queryset, RotationForm(initial={"run": uuid.uuid4().hex}))
        form = RotationForm(request.POST)
        if not form.is_valid():
            return self._ask(request, queryset, form)
        secrets = self._rotate(request, queryset, **form.cleaned_data)
        if not secrets:
            messages.warning(request, _("Nothing was rotated: this page had done it before."))
            return None
        return secretpages.show_once(request, self, _("New secrets"), secrets)

    def _rotate(
        self, request: HttpRequest, queryset: QuerySet[Any], *, grace: timedelta, run: str
    ) -> list[tuple[Any, str]]:
        made = []
        for row in queryset:
            secret = rotation.rotate(row, actors.of(request), grace=grace, run=run)
            if secret is not None:
                self.log_change(request, row, "Rotated the secret.")
                made.append((row, secret))
        return made

    def _ask(self, request: HttpRequest, rows: QuerySet[Any], form: RotationForm) -> HttpResponse:
        return confirming.ask(
            self, request, rows, action=ACTION, form=form, title=_("Rotate secrets"), verb=_("Rotate"),
            words=_("Each gets a new secret, which is shown once. Id, name, settings and history stay. The "
                    "new secret works at once, the old one until its time is over."),
        )  # fmt: skip
