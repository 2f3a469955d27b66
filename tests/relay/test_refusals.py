from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from relay.site import ConsoleSite


def test_an_unknown_host_is_told_what_to_set(client: Client) -> None:
    response = client.get("/admin/login/", headers={"host": "relay.example.com"})
    assert response.status_code == 400
    assert "relay.example.com" in response.text
    assert "ALLOWED_HOSTS" in response.text


def test_a_hostile_host_is_shown_as_text_and_shortened(client: Client) -> None:
    response = client.get("/admin/login/", headers={"host": "<script>" + "x" * 5000})
    assert response["content-type"] == "text/plain; charset=utf-8"
    assert len(response.text) < 600


HTML = {"accept": "text/html,application/xhtml+xml"}


def test_a_person_gets_a_page_and_a_program_an_error_object(client: Client) -> None:
    page = client.get("/nothing", headers=HTML)
    assert page.status_code == 404 and "There is nothing at this address" in page.text
    error = client.get("/nothing").json()["error"]
    assert error["code"] == "not_found" and "base_url" in error["message"]


@pytest.mark.django_db
def test_who_may_not_is_told_so(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    page = client.get("/admin/proxy/provider/", headers=HTML)
    assert page.status_code == 403 and "Your roles do not allow this" in page.text
    assert client.get("/admin/proxy/provider/").json()["error"]["code"] == "permission_denied"


def test_a_form_without_its_token_says_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.post("/admin/language/", {"language": "en"}, headers=HTML)
    assert page.status_code == 403 and "reload the page" in page.text
    assert client.post("/admin/language/", {}).json()["error"]["code"] == "csrf_failed"


@pytest.mark.django_db
def test_a_fault_shows_the_way_back_and_the_id_for_the_log(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(ConsoleSite, "get_app_list", fail)
    admin_client.raise_request_exception = False
    page = admin_client.get("/admin/accounts/project/", headers={**HTML, "x-request-id": "req-77"})
    assert page.status_code == 500 and "a secret" not in page.text
    assert "nothing was changed" in page.text and "req-77" in page.text
    assert admin_client.get("/admin/accounts/project/").json()["error"]["code"] == "relay_error"
