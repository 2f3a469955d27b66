"""How it is: /health and /healthz of the process, /ready of what it needs, /health/detailed of everything.

The two that orchestrators act upon are in `probes`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import re_path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import Credential
from accounts.signin.authentication import BearerAuthentication
from accounts.signin.lockout import LockedOut
from proxy.models import Provider
from relay import VERSION
from relay.health import lag, probes, vitals


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 while the process serves; the counts are null while the database is away."""
    return JsonResponse(
        {
            "status": "ok",
            "timestamp": timezone.now().isoformat(),
            "version": VERSION,
            "providers_count": _count(Provider),
            "credentials_count": _count(Credential),
        }
    )


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 tells a load balancer to send calls elsewhere, and a person why."""
    reasons = _database_reasons() or lag.reasons(settings.JOURNAL_DIR)
    body: dict[str, Any] = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    return JsonResponse(
        body, status=503 if reasons else 200, headers={"retry-after": "5"} if reasons else None
    )


@never_cache
@require_safe
def detailed(request: HttpRequest) -> JsonResponse:
    """Everything, for who may see the providers; for everybody else one word of it."""
    found = vitals.vitals.get()
    code = 503 if found["status"] == vitals.DOWN else 200
    shown = found | {"version": VERSION} if _may_see(request) else {"status": found["status"]}
    return JsonResponse(shown, status=code)


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseRedirect(reverse("admin:index"))


def _count(model: type[Model]) -> int | None:
    try:
        return model._default_manager.count()
    except DatabaseError:
        return None


def _may_see(request: HttpRequest) -> bool:
    """The management token, a token of a login, or a session of the admin. A wrong one is no error here,
    but counts as everywhere."""
    try:
        bearer = BearerAuthentication().authenticate(request)  # type: ignore[arg-type]
    except (AuthenticationFailed, LockedOut):
        return False
    user: Any = bearer[0] if bearer else request.user
    return user.is_active and user.is_staff and user.has_perm("proxy.view_provider")


def _database_reasons() -> list[str]:
    reasons = []
    for alias in connections:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError as error:
            # Only the kind: the text of a driver's error may contain addresses and names.
            reasons.append(f"The database {alias!r} does not answer ({type(error).__name__}).")
    return reasons


urlpatterns = [
    re_path(r"^healthz?/?$", health),
    re_path(r"^health/detailed/?$", detailed),
    re_path(r"^live/?$", probes.live),
    re_path(r"^ready/?$", ready),
    re_path(r"^ready/calls/?$", probes.ready_for_calls),
    re_path(r"^$", home),
]
