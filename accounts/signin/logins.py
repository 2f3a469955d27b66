"""The one way to sign in with a password, for the browser and for scripts, and what a wrong secret costs.

It writes the audit log itself. A name is written there only if it is somebody's: people type passwords into
the wrong field.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.http import HttpRequest

from ..audit import actors, audit
from . import lockout
from .lockout import Counter, LockedOut

UNKNOWN = "(unknown)"
# No user has this name, for Django allows no space in one.
BEARER = "the bearer"


def sign_in(request: HttpRequest, username: str, password: str) -> User | None:
    """A member of staff, or None. Raises LockedOut."""
    counted = lockout.counters(actors.address_of(request), username)
    lockout.refuse_locked(counted)
    is_last = lockout.take(counted)
    user: Any = authenticate(request, username=username, password=password)
    if user is None or not user.is_staff:
        fail(request, "login.failure", _target(username), is_last)
        return None
    lockout.forget(counted)
    audit.record(actors.named(request, username), "login.success", user, request=request)
    return user


def fail(request: Any, action: str, target: tuple[str, Any, str], is_last: bool) -> None:
    """Notes a failure, and raises LockedOut after the last one."""
    actor = actors.named(request, target[2])
    audit.record(actor, action, target, request=request, outcome="failure")
    if is_last:
        seconds = settings.LOGIN_LOCKOUT_SECONDS
        audit.record(
            actor, "login.lockout", target, request=request, outcome="denied", detail={"seconds": seconds}
        )
        raise LockedOut(seconds)


def bearer_counters(request: Any) -> tuple[Counter, ...]:
    return lockout.counters(actors.address_of(request), BEARER)


def _target(username: str) -> tuple[str, Any, str]:
    user = get_user_model().objects.filter(username=username).first()
    return ("user", user.pk, username) if user else ("user", None, UNKNOWN)
