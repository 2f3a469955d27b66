"""Who may watch: the session of the console, asked again as long as somebody watches."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

from logs_app.models import may_see


def request_of(scope: dict[str, Any]) -> ASGIRequest:
    """The handshake of a websocket, which is a GET."""
    scheme = {"wss": "https"}.get(scope.get("scheme", ""), "http")
    return ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())


def is_own(request: ASGIRequest) -> bool:
    """Whether a page of this console asks: a browser sends its cookies whoever opens the socket. The rule is
    that of Django's forms.
    """
    origin = request.META.get("HTTP_ORIGIN")
    try:
        own = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
    return origin is not None and (origin == own or origin in settings.CSRF_TRUSTED_ORIGINS)


def admit(request: ASGIRequest) -> str:
    """Sets who `request` is from, as the database has it now; says why they may not watch, if so."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    request.user = auth.get_user(request)
    if not request.user.is_authenticated:
        return "signed_out"
    return "" if may_see(request.user) else "forbidden"
