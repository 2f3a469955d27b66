"""Whom the audit log names for a request."""

from __future__ import annotations

import getpass
from typing import Any

from .audit import Actor


def of(request: Any) -> Actor:
    """Of Django or of REST framework, once somebody is signed in."""
    user = request.user
    return named(request, user.get_username(), getattr(user, "actor_kind", "user"))


def named(request: Any, name: str, kind: str = "user") -> Actor:
    return Actor(kind, name, address_of(request) or None, getattr(request, "request_id", None))


def of_command(name: str) -> Actor:
    return Actor("command", f"{name} ({_user()})")


def address_of(request: Any) -> str:
    """The client as the trusted proxies saw it; empty on a socket without addresses."""
    return request.META.get("REMOTE_ADDR") or ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "unknown user"
