from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.audit.events import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "engine-of-1843"
URL = "/admin/login/"


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


def enter(client, password: str, path: str = URL, **more: str):
    return client.post(path, {"username": "ada", "password": password, **more})


def test_the_path_without_its_slash_leads_to_the_page(client):
    response = client.get("/admin/login?next=/admin/accounts/project/")
    assert (response.status_code, response["Location"]) == (302, f"{URL}?next=/admin/accounts/project/")


def test_the_page_lets_staff_in(client, ada):
    response = enter(client, PASSWORD, next="/admin/accounts/project/")
    assert (response.status_code, response["Location"]) == (302, "/admin/accounts/project/")
    assert client.get("/admin/").status_code == 200
    assert AuditEvent.objects.get().action == "login.success"


def test_a_form_without_the_slash_is_the_page_too(client, ada):
    assert enter(client, PASSWORD, "/admin/login").status_code == 302


def test_a_wrong_password_shows_the_page_again(client, ada):
    response = enter(client, "wrong")
    assert response.status_code == 200
    assert "Please enter the correct username and password" in response.content.decode()


def test_empty_fields_are_no_attempt(client, ada):
    assert enter(client, "").status_code == 200
    assert not AuditEvent.objects.exists()


def test_too_many_failures_answer_429_and_say_when(client, ada, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    answers = [enter(client, "wrong"), enter(client, "wrong"), enter(client, PASSWORD)]
    assert [response.status_code for response in answers] == [200, 429, 429]
    assert int(answers[2]["Retry-After"]) > 800
    assert "Try again in 15 minutes" in answers[1].content.decode()
    assert "_auth_user_id" not in client.session


def test_the_form_needs_its_csrf_token(ada):
    strict = Client(enforce_csrf_checks=True)
    assert enter(strict, PASSWORD).status_code == 403
    strict.get(URL)
    token = strict.cookies["relay_csrf"].value
    assert enter(strict, PASSWORD, csrfmiddlewaretoken=token).status_code == 302


def test_a_script_needs_none_and_gets_no_cookie(ada):
    strict = Client(enforce_csrf_checks=True)
    given = {"username": "ada", "password": PASSWORD}
    for path in (URL, "/admin/login"):
        response = strict.post(path, given, content_type="application/json")
        assert (response.status_code, list(response.cookies)) == (200, [])
        assert response.json()["token_type"] == "bearer"
