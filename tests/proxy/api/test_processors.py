from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent
from proxy.models import Processor

URL = "/manage/processors"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "my secret"}]}
REDACT = {
    "name": "redact",
    "type": "regex_replace",
    "config_value": "secret",
    "additional_config": {"replacement": "[gone]"},
}


def test_everything_can_be_given_and_changed(api):
    created = api.post(URL, {**REDACT, "on_error": "skip", "is_enabled": False})
    assert created.status_code == 201
    shown = created.json()
    assert shown | REDACT == shown
    assert (shown["on_error"], shown["is_enabled"], shown["routes"]) == ("skip", False, [])
    changed = api.patch(f"{URL}/redact", {"config_value": " word ", "additional_config": None}).json()
    assert (changed["config_value"], changed["additional_config"]) == (" word ", {})
    assert api.get(f"{URL}/{shown['id']}").json() == changed
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["processor.create", "processor.update"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"type": "telepathy"}, "type", "There is no type 'telepathy'. There are openai_chat"),
        ({"config_value": "("}, "config_value", "missing )"),
        ({"config_value": ""}, "config_value", "empty"),
        (
            {"additional_config": {"repalcement": "x"}},
            "additional_config",
            "no further setting 'repalcement'",
        ),
        ({"additional_config": []}, "additional_config", "object"),
        ({"on_error": "explode"}, "on_error", "explode"),
        ({"name": "a b"}, "name", "Letters"),
    ],
)
def test_a_mistake_is_refused_in_words(api, given, field, words):
    response = api.post(URL, REDACT | given)
    assert response.status_code == 400
    assert words in str(response.json()["error"]["fields"][field])
    assert not Processor.objects.exists()


def test_a_change_is_judged_with_what_stays(api):
    api.post(URL, REDACT)
    assert api.patch(f"{URL}/redact", {"type": "openai_chat"}).status_code == 400
    assert api.patch(f"{URL}/redact", {"type": "drop_params", "additional_config": {}}).status_code == 200


def test_a_step_of_a_route_is_not_deleted(api):
    api.post(URL, REDACT)
    api.post("/manage/routes", {"name": "team", "path_prefix": "/team", "processors": ["redact"]})
    assert api.get(f"{URL}/redact").json()["routes"] == ["team"]
    refused = api.delete(f"{URL}/redact")
    assert refused.status_code == 409
    assert "a step of team" in refused.content.decode()
    api.patch("/manage/routes/team", {"processors": []})
    assert api.delete(f"{URL}/redact").status_code == 204


def previewed(api: Any, *processors: str, **given: Any) -> Any:
    return api.post(f"{URL}/preview", {"processors": processors, "request": CHAT, **given})


def test_a_preview_shows_the_request_after_its_steps(api):
    api.post(URL, REDACT)
    api.post(URL, {"name": "kind", "type": "system_prompt", "config_value": "Be kind."})
    shown = previewed(api, "redact", "kind").json()
    assert shown["request"]["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "my [gone]"},
    ]
    assert shown["steps"] == [
        {"name": "redact", "type": "regex_replace", "changed": ["messages"], "failed": None},
        {"name": "kind", "type": "system_prompt", "changed": ["messages"], "failed": None},
    ]


def test_a_preview_refuses_what_it_does_not_know(api):
    assert "nothing" in previewed(api, "nothing").content.decode()
    assert previewed(api, request=[]).status_code == 400


def test_who_may_only_look_previews_nothing(api, session):
    api.post(URL, REDACT)
    assert previewed(session(["view_processor"]), "redact").status_code == 403


def test_what_is_neither_an_id_nor_a_name_is_not_found(api):
    assert [api.get(f"{URL}/{pk}").status_code for pk in ("other", "99", "%00", "9" * 30)] == [404] * 4
