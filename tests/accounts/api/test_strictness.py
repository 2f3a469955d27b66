from __future__ import annotations

import pytest
from rest_framework.serializers import ValidationError

from accounts.api.strictness import no_such, refuse_unknown


def test_what_is_known_passes():
    refuse_unknown({"name": 1}, ["name", "model"], "member")


def test_each_unknown_name_is_told_and_not_a_thousand_of_them():
    with pytest.raises(ValidationError) as caught:
        refuse_unknown([f"x{number}" for number in range(1000)], ["name"], "member")
    assert len(caught.value.detail) == 10


def test_the_nearest_name_is_told_else_all_of_them():
    assert no_such("member", "Modle", ["model", "name"]).endswith("Did you mean model?")
    assert no_such("member", "zzz", ["model", "name"]).endswith("There are model, name.")
    assert no_such("parameter", "limit", ["page_size", "min_cost"]).endswith("Did you mean page_size?")
    assert no_such("parameter", "limit", ["name", "min_cost"]).endswith("There are name, min_cost.")
    assert no_such("member", "zzz", []) == "There is no such member."


@pytest.mark.parametrize(
    ("path", "body", "param", "nearest"),
    [
        ("/manage/projects", {"name": "shop", "is_actve": False}, "is_actve", "is_active"),
        ("/manage/credentials", {"name": "bot", "rate_limits": 5}, "rate_limits", "rate_limit"),
        ("/admin/api-keys", {"name": "bot", "expires_at": None}, "expires_at", "expire_at"),
        ("/manage/providers", {"provider_key": "p", "api_bas": "https://a.test"}, "api_bas", "api_base"),
        ("/manage/cache/purge", {"al": True}, "al", "all"),
        ("/admin/login", {"username": "root", "pasword": "x"}, "pasword", "password"),
    ],
)
def test_a_member_that_a_body_does_not_have_is_an_error(api, path, body, param, nearest):
    response = api.post(path, body)
    error = response.json()["error"]
    assert response.status_code == 400
    assert f"Did you mean {nearest}?" in error["fields"][param][0]


def test_what_an_answer_shows_may_be_given_back(api):
    project = api.post("/manage/projects", {"name": "shop"}).json()
    url = f"/manage/projects/{project['id']}"
    assert api.put(url, api.get(url).json() | {"name": "other"}).json()["name"] == "other"
