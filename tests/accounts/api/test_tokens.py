from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Project, WitheringToken
from accounts.secrets import keys

URL = "/manage/tokens"


@pytest.fixture
def token(api, project) -> dict[str, Any]:
    return api.post(URL, {"project_id": project["id"], "name": "the-pipeline"}).json()


def fields(response: Any) -> list[str]:
    return list(response.json()["error"]["fields"])


def lifetime(shown: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(shown["expires_at"]) - timezone.now()


def test_a_new_token_is_shown_once(api, project):
    response = api.post(URL, {"project_id": project["id"], "duration_minutes": 60, "max_requests": 5})
    assert response.status_code == 201
    shown = response.json()
    assert bytes(WitheringToken.objects.get(pk=shown["id"]).digest) == keys.digest(shown["token"])
    assert (shown["project_id"], shown["max_requests"]) == (project["id"], 5)
    assert shown["token"].startswith(shown["prefix"].rstrip("…"))
    for again in (api.get(f"{URL}/{shown['id']}"), api.get(URL)):
        assert shown["token"] not in again.content.decode()


@pytest.mark.parametrize(
    ("said", "minutes"),
    [({"duration_minutes": 90}, 90), ({"duration_hours": 2}, 120), ({}, 30 * 24 * 60)],
)
def test_the_ways_to_say_how_long(api, project, said, minutes):
    shown = api.post(URL, {"project_id": project["id"], **said}).json()
    assert timedelta(0) < timedelta(minutes=minutes) - lifetime(shown) < timedelta(minutes=1)


def test_a_moment_is_taken_as_it_is_and_null_is_never(api, project):
    moment = "2099-01-31T12:00:00Z"
    given = {"project_id": project["id"]}
    assert api.post(URL, given | {"expires_at": moment}).json()["expires_at"] == moment
    assert api.post(URL, given | {"expires_at": None}).json()["expires_at"] is None
    assert api.post(URL, given | {"duration_minutes": None}).json()["expires_at"] is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"duration_minutes": 525_601}, "duration_minutes"),
        ({"duration_hours": 8761}, "duration_hours"),
        ({"duration_hours": "24"}, "duration_hours"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"max_requests": -1}, "max_requests"),
        ({"duration_minutes": 1, "duration_hours": 1}, "duration_hours"),
        ({"project_id": "shop"}, "project_id"),
    ],
)
def test_what_cannot_be_names_its_field(api, project, said, field):
    response = api.post(URL, {"project_id": project["id"]} | said)
    assert (response.status_code, fields(response)) == (400, [field])


def test_a_token_needs_a_project(api):
    assert fields(api.post(URL, {})) == ["project_id"]


def test_an_unknown_project_is_not_found(api, db):
    response = api.post(URL, {"project_id": "7b6ad8bb-9bd4-4bfa-9f3b-5e3f0dd7c3b5"})
    assert (response.status_code, fields(response)) == (404, ["project_id"])


def test_an_inactive_project_gets_no_token(api, project):
    Project.objects.update(is_active=False)
    response = api.post(URL, {"project_id": project["id"]})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "project_inactive")


def test_a_token_is_found_by_itself(api, token):
    shown = api.get(f"{URL}/{token['token']}")
    assert (shown.status_code, shown.json()["id"]) == (200, token["id"])


@pytest.mark.parametrize("path", ["id", "token"])
def test_deleting_revokes_and_may_be_repeated(api, token, path):
    assert [api.delete(f"{URL}/{token[path]}").status_code for _ in range(2)] == [204, 204]
    shown = api.get(f"{URL}/{token['id']}").json()
    assert (shown["is_active"], shown["status"]) == (False, "revoked")
    assert shown["revoked_at"]


@pytest.mark.parametrize("pk", ["7b6ad8bb-9bd4-4bfa-9f3b-5e3f0dd7c3b5", "sk-unknown"])
@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_an_unknown_token_is_not_found(api, method, pk):
    assert getattr(api, method)(f"{URL}/{pk}", {}).status_code == 404


def test_the_token_of_a_deleted_project_is_gone_but_was_there(api, token, project):
    api.delete(f"/manage/projects/{project['id']}")
    assert api.get(f"{URL}/{token['id']}").status_code == 404
    assert api.delete(f"{URL}/{token['id']}").status_code == 204


def test_a_token_can_be_changed(api, token):
    shown = api.patch(
        f"{URL}/{token['id']}", {"max_requests": 9, "rate_limit": 2, "duration_hours": 1}
    ).json()
    assert (shown["max_requests"], shown["rate_limit"], shown["name"]) == (9, 2, "the-pipeline")
    assert lifetime(shown) < timedelta(hours=1)


def test_null_clears(api, token):
    api.patch(f"{URL}/{token['id']}", {"max_requests": 9})
    shown = api.patch(f"{URL}/{token['id']}", {"max_requests": None, "name": None, "expires_at": None}).json()
    assert (shown["max_requests"], shown["name"], shown["expires_at"]) == (None, "", None)


def test_a_revoked_token_can_be_revived(api, token):
    api.patch(f"{URL}/{token['id']}", {"is_active": False})
    assert not WitheringToken.objects.get().is_active
    assert api.put(f"{URL}/{token['id']}", {"is_active": True}).json()["status"] == "active"


def test_a_token_stays_with_its_project(api, token):
    other = api.post("/manage/projects", {"name": "bank"}).json()
    response = api.patch(f"{URL}/{token['id']}", {"project_id": other["id"]})
    assert (response.status_code, fields(response)) == (400, ["project_id"])


def test_what_was_read_can_be_written_back_even_when_expired(api, token):
    WitheringToken.objects.update(expires_at=timezone.now() - timedelta(days=1))
    shown = api.get(f"{URL}/{token['id']}").json()
    assert api.put(f"{URL}/{token['id']}", shown).json() == shown


def test_tokens_are_found_by_project_state_and_text(api, project, token):
    bank = api.post("/manage/projects", {"name": "bank"}).json()
    states = {"active": token["id"]}
    for state in ("revoked", "expired", "project_inactive"):
        states[state] = api.post(URL, {"project_id": bank["id"], "name": state}).json()["id"]
    api.delete(f"{URL}/{states['revoked']}")
    past = timezone.now() - timedelta(days=1)
    WitheringToken.objects.filter(pk=states["expired"]).update(expires_at=past)
    Project.objects.filter(pk=bank["id"]).update(is_active=False)

    def found(query: str) -> set[str]:
        return {row["id"] for row in api.get(f"{URL}?{query}").json()["results"]}

    for state, pk in states.items():
        assert found(f"status={state}") == {pk}
        assert api.get(f"{URL}/{pk}").json()["status"] == state
    assert found("") == set(states.values())
    for name in ("projectId", "project_id", "project"):
        assert found(f"{name}={project['id']}") == {token["id"]}
    assert found("active_only=true") == found("search=shop") == found("search=the-pipeline") == {token["id"]}
    assert found("is_active=false") == {states["revoked"]}


def test_statistics_are_read_for_a_page_at_once(api, project, django_assert_max_num_queries):
    for _ in range(5):
        api.post(URL, {"project_id": project["id"], "max_requests": 3})
    with django_assert_max_num_queries(5):
        rows = api.get(URL).json()["results"]
    assert {(row["request_count"], row["last_used_at"]) for row in rows} == {(0, None)}


def test_less_may_be_recorded_of_a_token_than_of_its_project(api, project):
    made = api.post(URL, {"project_id": project["id"], "log_policy": "metadata"}).json()
    assert made["log_policy"] == "metadata"
