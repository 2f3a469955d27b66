from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from accounts.models import AuditEvent

pytestmark = pytest.mark.django_db
OLD, NEW = "the-old-password-1843", "the-new-password-1843"


@pytest.fixture
def ada(client: Client) -> Any:
    ada = get_user_model().objects.create_user("ada", password=OLD, is_staff=True)
    client.force_login(ada)
    return ada


def change(client: Client, **values: str) -> Any:
    form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    return client.post("/admin/password_change/", form | values)


def test_a_new_password_is_audited_without_it(client: Client, ada: Any) -> None:
    assert change(client).status_code == 302
    found = AuditEvent.objects.get()
    assert (found.action, found.actor_name, found.target_name) == ("user.password", "ada", "ada")
    assert "1843" not in str(list(AuditEvent.objects.values()))
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_a_refused_password_is_no_change(client: Client, ada: Any) -> None:
    assert change(client, old_password="wrong").status_code == 200
    assert not AuditEvent.objects.exists()


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    answer = change(client)
    assert (answer.status_code, answer.url[:14]) == (302, "/admin/login/?")
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("path", ["/admin/logout/", "/admin/logout"])
def test_a_logout_is_audited(client: Client, ada: Any, path: str) -> None:
    assert client.post(path).status_code == 200
    found = AuditEvent.objects.get()
    assert (found.action, found.actor_name) == ("login.logout", "ada")
    assert client.get("/admin/").status_code == 302


def test_a_link_logs_nobody_out(client: Client, ada: Any) -> None:
    assert client.get("/admin/logout/").status_code == 405
    assert client.get("/admin/").status_code == 200


def test_a_logout_of_nobody_is_no_event(client: Client) -> None:
    client.post("/admin/logout/")
    assert not AuditEvent.objects.exists()


def test_both_need_the_token_of_their_form(ada: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post("/admin/logout/").status_code == 403
    assert change(client).status_code == 403
