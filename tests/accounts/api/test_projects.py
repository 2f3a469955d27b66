from __future__ import annotations

from typing import Any

import pytest

from accounts.audit.events import AuditEvent
from accounts.models import Credential, Project, WitheringToken

URL = "/manage/projects"
KEY = "sk-upstream-0123456789abcdef"


def url(project: dict[str, Any], rest: str = "") -> str:
    return f"{URL}/{project['id']}{rest}"


def fields(response: Any) -> dict[str, list[str]]:
    return response.json()["error"]["fields"]


def test_a_project_is_created_with_its_defaults(api):
    response = api.post(URL, {"name": "shop"})
    assert response.status_code == 201
    shown = response.json()
    assert Project.objects.get(pk=shown["id"]).name == "shop"
    expected = {"is_active": True, "api_key_preview": None, "provider_key": "default", "allowed_models": []}
    assert shown | expected | {"policy": {}, "log_policy": "full", "rate_limit": None} == shown


@pytest.mark.parametrize("name", ["api_key", "openai_api_key"])
def test_the_key_is_stored_under_either_name_and_never_shown(api, name):
    response = api.post(URL, {"name": "shop", name: KEY})
    assert Project.objects.get().upstream_key == KEY
    assert response.json()["api_key_preview"] == "sk-upstre…"
    assert KEY not in response.content.decode() + api.get(url(response.json())).content.decode()


def test_two_different_keys_are_refused(api):
    response = api.post(URL, {"name": "shop", "api_key": KEY, "openai_api_key": f"{KEY}x"})
    assert (response.status_code, list(fields(response))) == (400, ["api_key"])


@pytest.mark.parametrize("preview", ["sk-upst...cdef", "sk-u****cdef", "sk-upstre…"])
def test_a_preview_is_not_saved_back_as_the_key(api, preview):
    project = api.post(URL, {"name": "shop", "api_key": KEY}).json()
    response = api.patch(url(project), {"api_key": preview})
    assert (response.status_code, list(fields(response))) == (400, ["api_key"])
    assert Project.objects.get().upstream_key == KEY


def test_the_placeholder_of_the_documentation_is_no_key(api):
    response = api.post(URL, {"name": "shop", "openai_api_key": "sk-..."})
    assert (response.status_code, response.json()["api_key_preview"]) == (201, None)


def test_an_unreadable_key_does_not_hide_the_project(api, project, settings):
    api.patch(url(project), {"api_key": KEY})
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43 + "="]
    assert api.get(url(project)).json()["api_key_preview"] == "unreadable"


def test_a_second_project_of_a_name_is_a_conflict(api, project):
    response = api.post(URL, {"name": "shop"})
    assert (response.status_code, list(fields(response))) == (409, ["name"])


def test_every_wrong_field_is_named(api):
    response = api.post(URL, {"name": " ", "rate_limit": -1, "policy": {"a": 1}, "is_active": "yes"})
    assert response.status_code == 400
    assert sorted(fields(response)) == ["is_active", "name", "policy", "rate_limit"]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_names_only_what_it_changes(api, project, method):
    response = getattr(api, method)(url(project), {"rate_limit": 7, "allowed_models": ["gpt-4o*"]})
    assert response.status_code == 200
    shown = response.json()
    assert (shown["name"], shown["rate_limit"], shown["allowed_models"]) == ("shop", 7, ["gpt-4o*"])


def test_null_clears(api, project):
    given = {"rate_limit": 7, "allowed_models": ["a"], "policy": {"allowed_methods": ["GET"]}, "api_key": KEY}
    api.patch(url(project), given)
    shown = api.patch(url(project), dict.fromkeys(given)).json()
    assert (shown["rate_limit"], shown["allowed_models"], shown["policy"]) == (None, [], {})
    assert shown["api_key_preview"] is None


def test_what_was_read_can_be_written_back(api, project):
    shown = api.get(url(project)).json()
    assert api.put(url(project), shown).json() == shown


def test_deactivating_says_since_when_and_activating_forgets_it(api, project):
    assert api.patch(url(project), {"is_active": False}).json()["deactivated_at"]
    assert api.patch(url(project), {"is_active": True}).json()["deactivated_at"] is None


def test_deactivating_can_revoke_the_tokens(api, project):
    api.post("/manage/tokens", {"project_id": project["id"]})
    api.patch(url(project), {"is_active": False, "revoke_tokens": True})
    assert not WitheringToken.objects.get().is_active


def test_tokens_are_only_revoked_with_a_deactivation(api, project):
    response = api.patch(url(project), {"revoke_tokens": True})
    assert (response.status_code, list(fields(response))) == (400, ["revoke_tokens"])


def test_the_tokens_of_a_project_are_revoked_and_counted(api, project):
    for _ in range(3):
        api.post("/manage/tokens", {"project_id": project["id"]})
    first, again = (api.post(url(project, "/tokens/revoke")).json() for _ in range(2))
    assert first == {"revoked_count": 3, "already_revoked_count": 0, "total_tokens": 3}
    assert again == {"revoked_count": 0, "already_revoked_count": 3, "total_tokens": 3}


def test_deleting_is_final_and_may_be_repeated(api, project):
    Credential.objects.create(name="app", project_id=project["id"], digest=b"1", prefix="p")
    answers = [api.delete(url(project)).status_code for _ in range(2)]
    assert answers == [204, 204]
    assert api.get(url(project)).status_code == 404
    assert api.patch(url(project), {"name": "x"}).status_code == 404
    assert api.get(URL).json()["results"] == []
    assert api.get("/manage/credentials").json()["results"] == []


@pytest.mark.parametrize("pk", ["7b6ad8bb-9bd4-4bfa-9f3b-5e3f0dd7c3b5", "no-id"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_project_is_not_found(api, method, pk):
    assert getattr(api, method)(f"{URL}/{pk}", {}).status_code == 404


def test_projects_are_found_by_name_part_id_and_state(api, project):
    other = api.post(URL, {"name": "bank", "is_active": False}).json()

    def found(query: str) -> list[str]:
        return [row["name"] for row in api.get(f"{URL}?{query}").json()["results"]]

    assert found("") == ["bank", "shop"]
    assert found("search=HO") == found("is_active=true") == found(f"search={project['id']}") == ["shop"]
    assert found("name=bank") == found("is_active=false") == found(f"search={other['id']}") == ["bank"]
    assert found("name=ban") == []


def test_changes_are_audited_without_the_key(api, project):
    api.patch(url(project), {"name": "store", "api_key": KEY})
    event = AuditEvent.objects.filter(action="project.update").get()
    assert (event.actor_kind, event.target_id) == ("token", project["id"])
    assert '"name":"shop"' in event.before and '"name":"store"' in event.after
    assert KEY not in event.before + event.after


def test_no_change_is_no_event(api, project):
    api.patch(url(project), {"name": "shop"})
    assert not AuditEvent.objects.filter(action="project.update").exists()


def test_redaction_is_on_off_or_as_in_the_settings(api, project):
    path = f"{URL}/{project['id']}"
    assert project["redact_logs"] is None
    for wish in (True, False, None):
        assert api.patch(path, {"redact_logs": wish}).json()["redact_logs"] is wish
        assert Project.objects.get().redact_logs is wish
    assert api.patch(path, {"redact_logs": "yes"}).status_code == 400
