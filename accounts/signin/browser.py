"""The admin's login page, with failures counted, on one path with the login of scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from ..api.login import Login
from . import logins
from .lockout import LockedOut


class CountingForm(AdminAuthenticationForm):
    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username is not None and password:
            assert self.request is not None
            self.user_cache = logins.sign_in(self.request, username, password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


admin.site.login_form = CountingForm


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class EitherLogin(Login):
    """A browser sends a form, a script does not; only the browser gets a cookie and needs the CSRF token."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and not request.path.endswith("/"):
            query = request.META["QUERY_STRING"]
            return HttpResponseRedirect(reverse("admin:login") + (f"?{query}" if query else ""))
        is_form = request.method == "POST" and request.content_type in FORMS
        if is_form or request.method in ("GET", "HEAD"):
            return _page(request)
        return super().dispatch(request, *args, **kwargs)


def _page(request: HttpRequest) -> HttpResponseBase:
    try:
        return admin.site.login(request)
    except LockedOut as locked:
        context = {
            **admin.site.each_context(request),
            "title": _("Signing in is locked"),
            "minutes": -(-locked.seconds // 60),
        }
        headers = {"Retry-After": str(locked.seconds)}
        return TemplateResponse(request, "accounts/locked_out.html", context, status=429, headers=headers)
