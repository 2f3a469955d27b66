from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from tests.accounts.api.conftest import API, PASSWORD

URL, REFRESH = "/admin/login", "/admin/login/refresh"


@pytest.fixture
def ada(staff) -> User:
    return staff(["view_project"])


@pytest.fixture
def sign_in(anonymous):
    return lambda password=PASSWORD, name="ada": anonymous.post(URL, {"username": name, "password": password})


def test_a_password_is_exchanged_for_tokens(sign_in, ada, client):
    response = sign_in()
    shown = response.json()
    assert response.status_code == 200
    assert sorted(shown) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (shown["token_type"], shown["expires_in"]) == ("bearer", 1800)
    assert API(client, shown["access_token"]).get("/manage/projects").status_code == 200
    assert User.objects.get().last_login is not None


def test_tokens_are_kept_by_no_cache(sign_in, ada):
    assert sign_in()["Cache-Control"] == "no-store"


def test_the_access_token_lives_as_long_as_configured(sign_in, ada):
    token = AccessToken(sign_in().json()["access_token"])
    assert token["exp"] - token["iat"] == 1800


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD)])
def test_what_is_wrong_is_not_told(sign_in, ada, name, password):
    response = sign_in(password, name)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["error"]["message"] == "The user name or the password is wrong."


def test_missing_fields_are_named(anonymous):
    response = anonymous.post(URL, {})
    assert (response.status_code, sorted(response.json()["error"]["fields"])) == (
        400,
        ["password", "username"],
    )


def test_too_many_failures_lock_out(sign_in, ada, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    assert [sign_in("wrong").status_code for _ in range(2)] == [401, 429]
    locked = sign_in()
    assert (locked.status_code, locked.json()["error"]["code"]) == (429, "locked_out")
    assert int(locked["Retry-After"]) > 0


def test_the_refresh_token_gives_new_access_and_stays_itself(sign_in, anonymous, ada, client):
    first = sign_in().json()
    again = anonymous.post(REFRESH, {"refresh_token": first["refresh_token"]})
    assert again.status_code == 200
    assert again.json()["refresh_token"] == first["refresh_token"]
    assert API(client, again.json()["access_token"]).get("/manage/projects").status_code == 200


@pytest.mark.parametrize("reason", ["access", "expired", "nonsense", "withdrawn", "no staff", "deleted"])
def test_other_tokens_refresh_nothing(anonymous, ada, reason):
    token = RefreshToken.for_user(ada)
    if reason == "expired":
        token.set_exp(lifetime=-timedelta(seconds=1))
    elif reason == "withdrawn":
        ada.set_password("another")
        ada.save()
    elif reason == "no staff":
        User.objects.update(is_staff=False)
    elif reason == "deleted":
        ada.delete()
    given = {"access": token.access_token, "nonsense": "abc"}.get(reason, token)
    response = anonymous.post(REFRESH, {"refresh_token": str(given)})
    assert (response.status_code, response.json()["error"]["type"]) == (401, "invalid_request_error")
