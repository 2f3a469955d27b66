from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.audit.events import AuditEvent
from accounts.signin import authentication

pytestmark = pytest.mark.django_db
URL = "/manage/projects"


@pytest.fixture
def get(client):
    def call(bearer: str | None = None, scheme: str = "Bearer"):
        headers = {} if bearer is None else {"authorization": f"{scheme} {bearer}"}
        return client.get(URL, headers=headers)

    return call


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="engine-of-1843")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_management_token_opens(get, settings, scheme):
    assert get(settings.MANAGEMENT_TOKEN, scheme).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_it_opens_nothing_under_another_scheme(get, settings, scheme):
    assert get(settings.MANAGEMENT_TOKEN, scheme).status_code == 401


def test_nothing_and_something_wrong_open_nothing(get):
    nothing, wrong = "not_authenticated", "authentication_failed"
    for response, code in ((get(), nothing), (get("wrong"), wrong), (get(""), wrong)):
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert response.json()["error"]["code"] == code


def test_without_a_configured_token_its_way_is_closed(get, settings):
    settings.MANAGEMENT_TOKEN = ""
    assert get("").status_code == 401
    assert get(" ").status_code == 401


def test_a_token_beyond_ascii_is_compared_byte_by_byte(client, settings):
    settings.MANAGEMENT_TOKEN = "schlüssel-0123456789"
    header = f"Bearer {settings.MANAGEMENT_TOKEN}".encode().decode("latin-1")
    assert client.get(URL, HTTP_AUTHORIZATION=header).status_code == 200


def test_too_many_wrong_ones_lock_the_address_out(get, settings):
    settings.LOGIN_FAILURE_LIMIT = 3
    assert [get("wrong").status_code for _ in range(3)] == [401, 401, 429]
    locked = get(settings.MANAGEMENT_TOKEN)
    assert (locked.status_code, locked.json()["error"]["code"]) == (429, "locked_out")
    assert 0 < int(locked["Retry-After"]) <= settings.LOGIN_LOCKOUT_SECONDS + 1
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["bearer.failure"] * 3 + ["login.lockout"]


def test_a_locked_address_still_has_its_sessions_and_tokens(get, client, ada, settings):
    settings.LOGIN_FAILURE_LIMIT = 1
    assert get("wrong").status_code == 429
    assert get(str(AccessToken.for_user(ada))).status_code == 200
    client.force_login(ada)
    assert get().status_code == 200


def test_an_access_token_opens_as_its_user(get, ada):
    assert get(str(AccessToken.for_user(ada))).status_code == 200


def test_a_refresh_token_is_no_access_token(get, ada):
    assert get(str(RefreshToken.for_user(ada))).status_code == 401


def test_an_expired_access_token_opens_nothing_and_locks_nobody_out(get, ada, settings):
    settings.LOGIN_FAILURE_LIMIT = 1
    token = AccessToken.for_user(ada)
    token.set_exp(lifetime=timedelta(seconds=-1))
    assert [get(str(token)).status_code for _ in range(3)] == [401] * 3


def test_a_token_signed_with_another_key_opens_nothing(get, ada, settings):
    forged = str(AccessToken.for_user(ada)).rpartition(".")[0] + ".c2lnbmF0dXJl"
    assert get(forged).status_code == 401


@pytest.mark.parametrize("change", ["password", "inactive", "deleted"])
def test_what_ends_a_user_ends_his_tokens(get, ada, change):
    token = str(AccessToken.for_user(ada))
    if change == "deleted":
        ada.delete()
    else:
        ada.is_active = change != "inactive"
        ada.set_password("another-engine")
        ada.save()
    assert get(token).status_code == 401


def test_who_is_not_staff_any_more_may_nothing(get, ada):
    token = str(AccessToken.for_user(ada))
    User.objects.update(is_staff=False)
    assert get(token).status_code == 403


def test_a_management_token_that_looks_like_the_others_is_taken(get, settings):
    settings.MANAGEMENT_TOKEN = "eyJ-is-how-mine-begins"
    assert get(settings.MANAGEMENT_TOKEN).status_code == 200


def test_a_session_opens_and_writes_only_with_its_csrf_token(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.get(URL).status_code == 200
    refused = client.post(URL, {"name": "shop"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")
    client.get("/admin/password_change/")
    csrf = client.cookies["relay_csrf"].value
    allowed = client.post(
        URL, {"name": "shop"}, content_type="application/json", headers={"x-csrftoken": csrf}
    )
    assert allowed.status_code == 201


def test_comparing_takes_as_long_for_a_good_beginning_as_for_a_bad_one(settings):
    settings.MANAGEMENT_TOKEN = "m" * 4000

    def seconds(given: bytes) -> float:
        began = time.perf_counter()
        for _ in range(300):
            authentication.is_management_token(given)
        return time.perf_counter() - began

    good, bad = (min(seconds(text) for _ in range(7)) for text in (b"m" * 3999 + b"x", b"x" * 4000))
    assert abs(good - bad) < 0.5 * max(good, bad)
