"""What somebody does to his own account in the admin, with the event that Django would not write."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ..audit import actors, audit


def change_password(request: HttpRequest) -> HttpResponse:
    answer = admin.site.admin_view(admin.site.password_change)(request)
    if _is_done(request, answer) and admin.site.has_permission(request):
        audit.record(actors.of(request), "user.password", request.user, request=request)
    return answer


def sign_out(request: HttpRequest) -> HttpResponse:
    user = request.user
    actor = actors.of(request) if user.is_authenticated else None
    answer = admin.site.admin_view(admin.site.logout)(request)
    if actor is not None and not request.user.is_authenticated:
        audit.record(actor, "login.logout", user, request=request)
    return answer


def _is_done(request: HttpRequest, answer: HttpResponse) -> bool:
    """A form with errors is shown again, and a form that was accepted leads elsewhere."""
    return request.method == "POST" and answer.status_code == 302
