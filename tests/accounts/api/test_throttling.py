from __future__ import annotations

from tests.accounts.api.conftest import API

URL = "/manage/projects"


def test_a_caller_has_so_many_calls_a_minute(api, client, staff, settings):
    settings.MANAGEMENT_RATE_LIMIT_PER_MINUTE = 3
    assert [api.get(URL).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api.get(URL)
    assert 0 < int(refused["Retry-After"]) <= 61
    assert refused.json()["error"]["type"] == "rate_limit_error"


def test_others_have_their_own(api, client, staff, settings):
    settings.MANAGEMENT_RATE_LIMIT_PER_MINUTE = 1
    assert [api.get(URL).status_code for _ in range(2)] == [200, 429]
    client.force_login(staff(["view_project"]))
    assert API(client, "").get(URL).status_code == 200
