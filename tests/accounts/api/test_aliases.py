from __future__ import annotations

import pytest

from accounts.models import Credential
from accounts.secrets import keys

V1 = "/admin/v1/credentials"
KEYS = "/admin/api-keys"


def test_v1_creates_with_the_version_of_the_configuration(api):
    given = {"key": "sk-my-secret-key", "name": "Default Key", "allowed_models": ["*"], "is_enabled": True}
    response = api.post(V1, given)
    assert response.status_code == 201
    shown = response.json()
    assert shown["credential"] == {
        "id": Credential.objects.get().pk, "name": "Default Key", "key": None, "key_preview": "sk-my…",
        "allowed_models": ["*"], "is_enabled": True, "rate_limit": None,
    }  # fmt: skip
    assert isinstance(shown["version"], int)


def test_v1_generates_a_key_where_none_is_given(api):
    secret = api.post(V1, {"name": "app"}).json()["credential"]["key"]
    assert bytes(Credential.objects.get().digest) == keys.digest(secret)


# PostgreSQL moves the version when the change is committed.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_v1_changes_move_the_version(api, method):
    created = api.post(V1, {"name": "app", "rate_limit": 5}).json()
    shown = getattr(api, method)(f"{V1}/{created['credential']['id']}", {"rate_limit": None}).json()
    assert (shown["status"], shown["credential"]["rate_limit"]) == ("updated", None)
    assert shown["version"] > created["version"]


def test_v1_lists_all_newest_first(api):
    for name in ("a", "b"):
        api.post(V1, {"name": name})
    shown = api.get(V1).json()
    assert [row["name"] for row in shown["credentials"]] == ["b", "a"]
    assert isinstance(shown["version"], int)
    assert api.get(f"{V1}/{shown['credentials'][0]['id']}").json() == shown["credentials"][0]


def test_v1_rotates_and_deletes(api):
    created = api.post(V1, {"name": "app"}).json()["credential"]
    rotated = api.post(f"{V1}/{created['id']}/rotate").json()
    assert rotated["credential"]["key"] not in (None, created["key"])
    assert [api.delete(f"{V1}/{created['id']}").status_code for _ in range(2)] == [204, 204]


def test_v1_says_whether_the_bearer_is_accepted(api, anonymous):
    assert api.post("/admin/v1/auth/validate").json()["valid"] is True
    anonymous.bearer = ""
    assert anonymous.post("/admin/v1/auth/validate").status_code == 401


def test_an_api_key_is_shown_in_full_once(api):
    response = api.post(KEYS, {"name": "app", "expire_at": "2099-01-01T00:00:00Z"})
    assert response.status_code == 201
    shown = response.json()
    secret = shown.pop("full_key")
    assert bytes(Credential.objects.get().digest) == keys.digest(secret)
    assert sorted(shown) == ["created_at", "expire_at", "id", "last_used_at", "name", "prefix", "status"]
    assert (shown["status"], shown["expire_at"]) == ("active", "2099-01-01T00:00:00Z")
    assert api.get(KEYS).json() == [shown] and api.get(f"{KEYS}/{shown['id']}").json() == shown


def test_an_api_key_is_switched_off_and_on(api):
    shown = api.post(KEYS, {"name": "app"}).json()
    for status in ("inactive", "active"):
        assert api.put(f"{KEYS}/{shown['id']}", {"status": status}).json()["status"] == status
        assert Credential.objects.get().is_enabled is (status == "active")


def test_an_unknown_status_is_refused(api):
    shown = api.post(KEYS, {"name": "app"}).json()
    response = api.put(f"{KEYS}/{shown['id']}", {"status": "revoked"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "status")


def test_an_api_key_is_rotated_and_deleted(api):
    shown = api.post(KEYS, {"name": "app"}).json()
    assert api.post(f"{KEYS}/{shown['id']}/rotate").json()["full_key"] not in (None, shown["full_key"])
    assert [api.delete(f"{KEYS}/{shown['id']}").status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("path", [V1, KEYS])
def test_a_longer_list_says_where_it_goes_on(api, path):
    for number in range(3):
        api.post(V1, {"name": str(number)})
    response = api.get(f"{path}?page_size=2")
    following = response["Link"].split(">")[0].removeprefix("<http://testserver")
    rest = api.get(following)
    names = [row["name"] for page in (response, rest) for row in rows(page.json())]
    assert (names, rest.get("Link")) == (["2", "1", "0"], None)


def rows(page):
    return page["credentials"] if isinstance(page, dict) else page


@pytest.mark.parametrize("path", [V1, KEYS, "/manage/credentials"])
def test_all_of_them_show_the_same_rows(api, path):
    for each in (V1, KEYS, "/manage/credentials"):
        api.post(each, {"name": each})
    page = api.get(path).json()
    assert len(page["results"] if path.startswith("/manage") else rows(page)) == 3
