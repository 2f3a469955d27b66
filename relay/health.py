"""For probes: /health, /healthz and /live speak of the process, /ready of what it needs."""

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

from accounts.models import Credential
from proxy.models import Provider
from relay import VERSION, lag

absence = lag.Absence()


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
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 tells a load balancer to send calls elsewhere, and a person why."""
    reasons = _database_reasons() or _recorder_reasons()
    body: dict[str, Any] = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    return JsonResponse(
        body, status=503 if reasons else 200, headers={"retry-after": "5"} if reasons else None
    )


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseRedirect(reverse("admin:index"))


def _count(model: type[Model]) -> int | None:
    try:
        return model._default_manager.count()
    except DatabaseError:
        return None


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


def _recorder_reasons() -> list[str]:
    unread = lag.unread_bytes(settings.JOURNAL_DIR)
    if unread > lag.MOST_UNREAD_BYTES:
        return [f"The recorder is {unread >> 20} MB behind the journal."]
    if absence.seconds(settings.JOURNAL_DIR) > lag.LONGEST_ABSENCE_SECONDS:
        return ["No recorder is at work. Start manage.py record, or the whole relay with manage.py serve."]
    return []


urlpatterns = [
    re_path(r"^healthz?/?$", health),
    re_path(r"^live/?$", live),
    re_path(r"^ready/?$", ready),
    re_path(r"^$", home),
]
