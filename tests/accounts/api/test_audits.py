from __future__ import annotations

from urllib.parse import urlencode

import pytest

from accounts.audit import audit
from accounts.audit.audit import Actor

URL = "/manage/audit"
PROJECT = "7b6ad8bb-9bd4-4bfa-9f3b-5e3f0dd7c3b5"


@pytest.fixture
def events(db, rf):
    mail = ("project", PROJECT, "mail")
    ada, script = Actor("user", "ada", "10.0.0.1", "req-1"), Actor("token", "management token", "10.0.0.2")
    audit.record(ada, "project.create", mail, after={"name": "mail", "api_key": "sk-secret"})
    audit.record(script, "token.create", ("token", "t1", "ci"), after={"project_id": PROJECT})
    request = rf.post("/admin/login")
    audit.record(ada, "login.failure", ("user", 1, "ada"), request=request, outcome="failure")


def found(api, **query: str) -> list[str]:
    return [row["action"] for row in api.get(f"{URL}?{urlencode(query)}").json()["results"]]


def test_events_are_listed_newest_first(api, events):
    assert found(api) == ["login.failure", "token.create", "project.create"]


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ({"action": "project.create"}, ["project.create"]),
        ({"action": "token"}, ["token.create"]),
        ({"actor": "ada"}, ["login.failure", "project.create"]),
        ({"actor": "token"}, ["token.create"]),
        ({"client_ip": "10.0.0.2"}, ["token.create"]),
        ({"request_id": "req-1"}, ["login.failure", "project.create"]),
        ({"correlation_id": "req-1"}, ["login.failure", "project.create"]),
        ({"outcome": "failure"}, ["login.failure"]),
        ({"project_id": PROJECT}, ["token.create", "project.create"]),
        ({"method": "post"}, ["login.failure"]),
        ({"path": "/admin/login"}, ["login.failure"]),
        ({"target_kind": "token", "target_id": "t1"}, ["token.create"]),
        ({"search": "MAIL"}, ["project.create"]),
        ({"since": "2001-01-01T00:00:00Z"}, ["login.failure", "token.create", "project.create"]),
        ({"start_time": "2099-01-01T00:00:00Z"}, []),
        ({"until": "2001-01-01T00:00:00Z"}, []),
        ({"end_time": "2099-01-01T00:00:00Z", "actor": "user", "outcome": "success"}, ["project.create"]),
    ],
)
def test_events_are_found(api, events, query, actions):
    assert found(api, **query) == actions


@pytest.mark.parametrize(
    ("name", "value"), [("outcome", "maybe"), ("since", "yesterday"), ("project_id", "x")]
)
def test_a_filter_that_cannot_be_is_an_error(api, name, value):
    response = api.get(f"{URL}?{name}={value}")
    assert (response.status_code, response.json()["error"]["param"]) == (400, name)


def test_one_event_is_shown_with_what_changed(api, events):
    listed = api.get(f"{URL}?action=project.create").json()["results"][0]
    assert api.get(f"{URL}/{listed['id']}").json() == listed
    assert listed["after"] == {"name": "mail", "api_key": "***"}
    assert (listed["before"], listed["target_name"], listed["actor_kind"]) == (None, "mail", "user")


def test_an_unknown_event_is_not_found(api, db):
    assert {api.get(f"{URL}/{pk}").status_code for pk in ("1", "x", "9" * 25)} == {404}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_events_can_only_be_read(api, events, method):
    assert getattr(api, method)(f"{URL}/1", {}).status_code == 405


def test_reading_needs_the_permission(session):
    assert session("view_project").get(URL).status_code == 403


def test_who_has_the_permission_reads(session):
    assert session("view_auditevent").get(URL).status_code == 200
