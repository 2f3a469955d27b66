"""The page of a table of one row."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .. import singlerow
from .audited import AuditedAdmin


class SingleRowAdmin(AuditedAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one row, so the list would only be in the way."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect(admin_urlname(self.opts, "change"), singlerow.kept(self.model).pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], **options: Any
    ) -> HttpResponse:
        """The row is called as its table is, which a page would say twice."""
        return super().render_change_form(request, context | {"is_only_row": True}, **options)

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        words = _("%(name)s: the change is saved.") % {"name": capfirst(self.opts.verbose_name)}
        self.message_user(request, words, messages.SUCCESS)
        return redirect(request.path)
