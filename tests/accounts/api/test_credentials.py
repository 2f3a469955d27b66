from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.audit.events import AuditEvent
from accounts.models import Credential, Project
from accounts.secrets import keys

URL = "/manage/credentials"
CHOSEN = "sk-chosen-0123456789abcdef"


@pytest.fixture
def credential(api) -> dict[str, Any]:
    return api.post(URL, {"name": "app"}).json()


def url(credential: dict[str, Any], rest: str = "") -> str:
    return f"{URL}/{credential['id']}{rest}"


def fields(response: Any) -> list[str]:
    return list(response.json()["error"]["fields"])


def test_a_generated_key_is_shown_once(api, credential):
    assert bytes(Credential.objects.get().digest) == keys.digest(credential["key"])
    for again in (api.get(url(credential)), api.get(URL), api.patch(url(credential), {"name": "b"})):
        assert credential["key"] not in again.content.decode()


def test_a_chosen_key_is_taken_and_not_said_back(api):
    response = api.post(URL, {"name": "app", "key": CHOSEN})
    assert (response.status_code, response.json()["key"]) == (201, None)
    assert CHOSEN not in response.content.decode()
    assert bytes(Credential.objects.get().digest) == keys.digest(CHOSEN)


def test_a_short_key_is_taken_with_a_warning(api):
    assert api.post(URL, {"name": "app", "key": "sk-limited"}).json()["warning"]
    assert api.post(URL, {"name": "other", "key": CHOSEN}).json()["warning"] is None


@pytest.mark.parametrize(
    "key", ["short", "x" * 257, "sk-chosen...cdef", "sk-chosen****", "with\ttabs-inside"]
)
def test_a_key_that_cannot_be_is_refused(api, key):
    response = api.post(URL, {"name": "app", "key": key})
    assert (response.status_code, fields(response)) == (400, ["key"])


def test_nothing_has_the_name_or_the_key_of_another(api, credential):
    taken = api.post(URL, {"name": "app"})
    assert (taken.status_code, fields(taken)) == (409, ["name"])
    taken = api.post(URL, {"name": "b", "key": credential["key"]})
    assert (taken.status_code, fields(taken)) == (409, ["key"])
    assert Credential.objects.count() == 1


def test_the_key_changes_by_rotation_only(api, credential):
    response = api.patch(url(credential), {"key": CHOSEN})
    assert (response.status_code, fields(response)) == (400, ["key"])


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_names_only_what_it_changes_and_null_clears(api, project, credential, method):
    change = getattr(api, method)
    given = {"project_id": project["id"], "rate_limit": 0, "expires_at": "2099-01-01T00:00:00Z"}
    assert change(url(credential), given).json() | given | {"name": "app"} == api.get(url(credential)).json()
    nothing = dict.fromkeys(given)
    assert change(url(credential), nothing).json() | nothing == api.get(url(credential)).json()


def test_what_was_read_can_be_written_back(api, project):
    created = api.post(URL, {"name": "app", "project_id": project["id"], "allowed_models": ["gpt-4o*"]})
    shown = api.get(url(created.json())).json()
    assert api.put(url(shown), shown).json() == shown


def test_deleting_may_be_repeated_and_what_never_was_is_not_found(api, credential):
    assert [api.delete(url(credential)).status_code for _ in range(2)] == [204, 204]
    assert not Credential.objects.exists()
    never = [credential["id"] + 1, 0, "x", "9" * 30]
    assert {api.delete(f"{URL}/{pk}").status_code for pk in never} == {404}


@pytest.mark.parametrize("pk", ["99", "x", "9" * 30, "-1", "１"])
@pytest.mark.parametrize("method", ["get", "patch"])
def test_an_unknown_credential_is_not_found(api, method, pk):
    assert getattr(api, method)(f"{URL}/{pk}", {}).status_code == 404


def test_credentials_are_found_by_project_state_and_text(api, project):
    past = timezone.now() - timedelta(days=1)
    bank = Project.objects.create(name="bank", is_active=False)
    for name, values in {
        "active": {"project_id": project["id"]},
        "disabled": {"is_enabled": False},
        "expired": {"expires_at": past},
        "project_inactive": {"project": bank},
        "free": {"expires_at": timezone.now() + timedelta(days=1)},
    }.items():
        Credential.objects.create(name=name, prefix=f"sk-{name[:4]}", digest=name.encode(), **values)

    def found(query: str) -> set[str]:
        return {row["name"] for row in api.get(f"{URL}?{query}").json()["results"]}

    assert found("status=active") == {"active", "free"}
    for state in ("disabled", "expired", "project_inactive"):
        assert found(f"status={state}") == {state}
    assert found(f"project_id={project['id']}") == found("search=shop") == {"active"}
    assert found("search=sk-fre") == found("name=free") == {"free"}
    assert found("is_enabled=false") == {"disabled"}


def test_every_change_is_audited(api, credential):
    api.patch(url(credential), {"rate_limit": 3})
    api.delete(url(credential))
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["credential.create", "credential.update", "credential.delete"]


def test_less_may_be_recorded_of_a_key_than_of_its_project(api, credential):
    assert credential["log_policy"] is None
    changed = api.patch(url(credential), {"log_policy": "off"}).json()
    assert changed["log_policy"] == "off"
    assert AuditEvent.objects.latest("id").after == '{"log_policy":"off"}'
    assert api.patch(url(credential), {"log_policy": None}).json()["log_policy"] is None
    assert fields(api.patch(url(credential), {"log_policy": "everything"})) == ["log_policy"]


def test_whose_key_somebody_found_is_answered_by_the_key_itself(api, credential):
    found = [api.get(f"{URL}/{credential['key']}"), api.get(f"{URL}?search={credential['key']}")]
    assert found[0].json()["id"] == found[1].json()["results"][0]["id"] == credential["id"]
    assert api.get(f"{URL}?search={credential['key'][4:]}").json()["results"] == []
    assert api.get(f"{URL}/{credential['key']}x").status_code == 404
    assert not any(credential["key"] in answer.content.decode() for answer in found)
