from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from proxy.models import Processor, Route

URL = "/manage/routes"
ALL = {
    "allow_streaming": False,
    "buffer_streaming": True,
    "hold_preamble": False,
    "allowed_origins": ["https://app.example"],
    "connect_timeout_seconds": 1.5,
    "first_byte_timeout_seconds": 2,
    "idle_timeout_seconds": 3,
    "total_timeout_seconds": 4,
    "is_enabled": False,
}


@pytest.fixture
def steps(db: None) -> None:
    for name in ("first", "second"):
        Processor.objects.create(name=name, type="logger")


def create(api: Any, **given: Any) -> Any:
    return api.post(URL, {"name": "team", "path_prefix": "/team", **given})


def test_everything_can_be_given_changed_and_cleared(api, provider, steps):
    created = create(api, providers=["main"], processors=["second", "first", "second"], **ALL)
    assert created.status_code == 201
    shown = created.json()
    assert shown | ALL == shown
    assert (shown["providers"], shown["processors"]) == (["main"], ["second", "first", "second"])
    assert api.get(f"{URL}/team").json() == shown == api.get(URL).json()["results"][0]
    cleared = api.patch(
        f"{URL}/{shown['id']}",
        dict.fromkeys(
            ["providers", "processors", "hold_preamble", "allowed_origins", "idle_timeout_seconds"]
        ),
    ).json()
    assert (cleared["providers"], cleared["processors"], cleared["allowed_origins"]) == ([], [], [])
    assert cleared["hold_preamble"] is cleared["idle_timeout_seconds"] is None


def test_a_change_names_only_what_it_changes(api, provider, steps):
    create(api, providers=["main"], processors=["first"])
    changed = api.put(f"{URL}/team", {"processors": ["second", "first"]}).json()
    assert (changed["providers"], changed["processors"]) == (["main"], ["second", "first"])
    event = AuditEvent.objects.filter(action="route.update").get()
    assert (event.before, event.after) == ('{"processors":["first"]}', '{"processors":["second","first"]}')
    api.put(f"{URL}/team", {"processors": ["second", "first"]})
    assert AuditEvent.objects.filter(action="route.update").count() == 1


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"path_prefix": "team"}, "path_prefix", "begins with /"),
        ({"path_prefix": "/manage/x"}, "path_prefix", "The relay itself answers"),
        ({"providers": ["nobody"]}, "providers", "There is no provider 'nobody'."),
        ({"processors": ["nothing"]}, "processors", "There is no processor 'nothing'."),
        ({"processors": "first"}, "processors", "list"),
        ({"processors": [1]}, "processors", "list"),
        ({"allowed_origins": [""]}, "allowed_origins", ""),
        ({"idle_timeout_seconds": 0}, "idle_timeout_seconds", "more than 0"),
        ({"name": "7"}, "name", "not just a number"),
    ],
)
def test_a_mistake_is_refused_in_words(api, given, field, words):
    response = create(api, **given)
    assert response.status_code == 400
    assert words in str(response.json()["error"]["fields"][field])
    assert not Route.objects.exists()


def test_a_route_that_lets_nothing_through_is_refused(api):
    response = create(api, allow_streaming=False, allow_non_streaming=False)
    assert response.status_code == 400
    assert "allows nothing" in response.content.decode()


@pytest.mark.parametrize("again", [{"name": "other"}, {"path_prefix": "/other"}])
def test_names_and_prefixes_are_taken_once(api, again):
    assert create(api).status_code == 201
    assert create(api, **again).status_code == 409


def test_routes_are_found_by_what_they_name(api, provider, steps):
    create(api, providers=["main"], processors=["first", "first"])
    create(api, name="other", path_prefix="/other")
    for query in ("provider=main", "processor=first", "search=/tea", "path_prefix=/team", "name=team"):
        assert [row["name"] for row in api.get(f"{URL}?{query}").json()["results"]] == ["team"]


def test_deleting_takes_its_steps_and_leaves_the_processors(api, steps):
    create(api, processors=["first"])
    assert api.delete(f"{URL}/team").status_code == 204
    assert Processor.objects.count() == 2
    assert AuditEvent.objects.filter(action="route.delete").exists()
    assert api.delete(f"{URL}/team").status_code == 404


def test_what_is_neither_an_id_nor_a_name_is_not_found(api):
    assert [api.get(f"{URL}/{pk}").status_code for pk in ("other", "99", "%00", "9" * 30)] == [404] * 4
