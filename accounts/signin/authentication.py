"""Who may use the management API: the bearer of MANAGEMENT_TOKEN or of a token of `POST /admin/login`, or a
signed-in member of staff.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed as TokenRefused

from . import lockout, logins

# Of the WSGI environment; headers of clients arrive there under HTTP_… only.
COMMAND_VARIABLE = "relay.command"
JWT_MARK = b"eyJ"  # how the base64 of '{"' begins


class ManagementActor:
    """The bearer of the management token: no row of a user, and every permission."""

    pk = None
    actor_kind = "token"
    is_active = is_staff = is_superuser = is_authenticated = True
    is_anonymous = False

    def __str__(self) -> str:
        return "management token"

    def get_username(self) -> str:
        return str(self)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return True

    def has_perms(self, permissions: Any, obj: Any = None) -> bool:
        return True

    def has_module_perms(self, app_label: str) -> bool:
        return True


class CommandActor(ManagementActor):
    """A `manage.py` command on this machine, which could as well write to the database itself."""

    actor_kind = "command"

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name


class CommandAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        name = request.META.get(COMMAND_VARIABLE)
        return (CommandActor(name), None) if name else None


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`. Without a configured management token only signed-in users have one.

    Wrong guesses at the management token are counted, and the address is locked out. Nobody guesses a
    signature: tokens of a login that are over are simply refused.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, given = get_authorization_header(request).strip().partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        given = given.strip()
        if given.startswith(JWT_MARK) and not is_management_token(given):
            return _user_of(given)
        _judge(request, given)
        return ManagementActor(), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def is_management_token(given: bytes) -> bool:
    """In a time that says nothing, not even about its length. False while none is configured."""
    expected = settings.MANAGEMENT_TOKEN.encode()
    is_equal = hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())
    return is_equal and bool(expected)


def _judge(request: Request, given: bytes) -> None:
    """A locked address learns nothing, not even that it is right now."""
    counted = logins.bearer_counters(request)
    lockout.refuse_locked(counted)
    if not is_management_token(given):
        is_last = lockout.take(counted)
        logins.fail(request, "bearer.failure", ("management_token", None, logins.BEARER), is_last)
        raise AuthenticationFailed("The management token is wrong.")


def _user_of(given: bytes) -> tuple[Any, Any]:
    judge = JWTAuthentication()
    try:
        token = judge.get_validated_token(given)
        return judge.get_user(token), token
    except TokenRefused:
        raise AuthenticationFailed(
            "This token has expired or was withdrawn. Sign in again at /admin/login."
        ) from None
