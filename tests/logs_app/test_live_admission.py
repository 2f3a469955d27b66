from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from logs_app.live import admission

pytestmark = pytest.mark.django_db


def handshake(cookies: str = "", host: str = "127.0.0.1:8000", scheme: str = "ws", **headers: str) -> Any:
    given = {"host": host, "cookie": cookies} | headers
    return admission.request_of(
        {
            "type": "websocket",
            "path": "/admin/live/logs/",
            "query_string": b"model=gpt",
            "scheme": scheme,
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
    )


@pytest.mark.parametrize(
    ("scheme", "origin", "is_own"),
    [
        ("ws", "http://127.0.0.1:8000", True),
        ("wss", "https://127.0.0.1:8000", True),
        ("ws", "https://127.0.0.1:8000", False),
        ("ws", "http://127.0.0.1:9000", False),
        ("ws", "http://127.0.0.1:8000.evil.example", False),
        ("ws", "null", False),
        ("ws", "https://relay.example", True),
    ],
)
def test_only_pages_of_this_console_may_ask(settings, scheme, origin, is_own):
    settings.CSRF_TRUSTED_ORIGINS = ["https://relay.example"]
    assert admission.is_own(handshake(scheme=scheme, origin=origin)) is is_own


def test_without_an_origin_or_by_a_foreign_name_nobody_may(settings):
    assert not admission.is_own(handshake())
    assert not admission.is_own(handshake(host="evil.example", origin="http://evil.example"))


def test_a_session_is_asked_for_anew_each_time():
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    client = Client()
    client.force_login(user)
    request = handshake(client.cookies.output(header="", attrs=[]).strip())
    assert admission.admit(request) == ""
    assert (request.user, request.GET["model"]) == (user, "gpt")
    user.user_permissions.clear()
    assert admission.admit(request) == "forbidden"
    User.objects.update(is_active=False)
    assert admission.admit(request) == "signed_out"


def test_no_session_is_signed_out():
    assert admission.admit(handshake()) == "signed_out"
    assert admission.admit(handshake("relay_session=nonsense")) == "signed_out"
