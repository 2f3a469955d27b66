"""What browsers are told with every page, whoever answers it."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from django.test import Client

from tests.running import Relay

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/docs", "/manage/projects", "/nothing"])
def test_every_page_is_closed_to_what_it_does_not_need(client: Client, path: str) -> None:
    assert_closed(client.get(path).headers)


def test_so_is_a_file(relay_server: Relay) -> None:
    assert_closed(httpx.get(f"{relay_server.url}/static/relay/console.css").raise_for_status().headers)


def assert_closed(headers: Mapping[str, str]) -> None:
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_cookies_of_a_session_are_the_sites_own(client: Client, admin_user: object) -> None:
    client.post("/admin/login/", {"username": "admin", "password": "password"})
    session = client.cookies["relay_session"]
    assert session["httponly"] and session["samesite"] == "Lax"
    assert int(session["max-age"]) == 24 * 3600
