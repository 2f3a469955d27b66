from __future__ import annotations

import pytest

from accounts.models import Project

URL = "/manage/projects"


@pytest.fixture
def row(db) -> Project:
    return Project.objects.create(name="shop")


CALLS = {
    "view_project": lambda api, row: api.get(URL),
    "add_project": lambda api, row: api.post(URL, {"name": "bank"}),
    "change_project": lambda api, row: api.patch(f"{URL}/{row.pk}", {"rate_limit": 1}),
    "delete_project": lambda api, row: api.delete(f"{URL}/{row.pk}"),
    "change_witheringtoken": lambda api, row: api.post(f"{URL}/{row.pk}/tokens/revoke"),
}


@pytest.mark.parametrize("permission", CALLS)
def test_what_a_permission_allows_is_done_with_it_and_refused_without(
    session, staff, client, row, permission
):
    allowed = CALLS[permission](session(permission), row)
    assert allowed.status_code in (200, 201, 204)
    client.force_login(staff([other for other in CALLS if other != permission], username="grace"))
    refused = CALLS[permission](session_of(client), row)
    # Who may change a thing may see it.
    assert refused.status_code == (200 if permission == "view_project" else 403)


def session_of(client):
    from tests.accounts.api.conftest import API

    return API(client, "")


def test_who_is_not_staff_may_nothing(client, staff, row):
    user = staff(["view_project"])
    user.is_staff = False
    user.save()
    client.force_login(user)
    assert session_of(client).get(URL).status_code == 403


def test_rotating_is_changing_and_not_adding(session):
    assert session("add_credential").post("/manage/credentials/1/rotate").status_code == 403


def test_a_token_of_a_login_has_the_permissions_of_its_user(anonymous, staff, row):
    staff(["view_project"])
    signed_in = anonymous.post("/admin/login", {"username": "ada", "password": "engine-of-1843"}).json()
    anonymous.bearer = signed_in["access_token"]
    assert anonymous.get(URL).status_code == 200
    assert anonymous.post(URL, {"name": "bank"}).status_code == 403


@pytest.mark.parametrize("path", ["/admin/v1/credentials", "/admin/api-keys", "/manage/credentials"])
def test_aliases_ask_for_the_same_permissions(session, path):
    api = session("view_credential")
    assert (api.get(path).status_code, api.post(path, {"name": "a"}).status_code) == (200, 403)
