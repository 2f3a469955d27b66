from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from proxy.admin import sentences
from proxy.admin.processors import ABOUT
from proxy.models import Processor, Route, RouteProcessor
from proxy.processors import TYPES, types
from proxy.processors.options import Options

pytestmark = pytest.mark.django_db

LIST = "/admin/proxy/processor/"
FORM = {
    "name": "kind",
    "type": "system_prompt",
    "config_value": "Be kind.",
    "additional_config": '{"mode": "append"}',
    "on_error": "fail",
    "is_enabled": "on",
}


def test_a_processor_is_made_and_audited(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}add/", FORM).status_code == 302
    row = Processor.objects.get()
    assert (row.type, row.config_value, row.additional_config) == (
        "system_prompt",
        "Be kind.",
        {"mode": "append"},
    )
    assert AuditEvent.objects.filter(action="processor.create", target_name="kind").exists()


def test_further_settings_may_be_left_empty(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}add/", FORM | {"additional_config": ""}).status_code == 302
    assert Processor.objects.get().additional_config == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"config_value": ""}, "The value is the system prompt; it is empty."),
        ({"additional_config": '{"mood": 1}'}, "no further setting &#x27;mood&#x27;"),
        ({"type": "telepathy"}, "telepathy"),
    ],
)
def test_a_mistake_is_shown_on_its_page(admin_client: Client, given: dict[str, str], words: str) -> None:
    response = admin_client.post(f"{LIST}add/", FORM | given)
    assert response.status_code == 200
    assert words in response.content.decode()


def test_the_page_explains_every_type(admin_client: Client) -> None:
    page = admin_client.get(f"{LIST}add/").content.decode()
    assert list(ABOUT) == list(TYPES)
    for name in TYPES:
        assert f"<th>{name}</th>" in page


@pytest.mark.parametrize("name", [name for name in TYPES if name != "python"])
def test_the_examples_of_further_settings_are_taken(name: str) -> None:
    value = {"set_params": "", "limit_params": "", "logger": ""}.get(name, "x")
    types.make(name, value, json.loads(ABOUT[name][2]))
    assert isinstance(Options(json.loads(ABOUT["python"][2])).seconds("timeout_seconds", 1), float)


def test_the_list_says_which_routes_use_it(admin_client: Client) -> None:
    row = Processor.objects.create(name="kind", type="logger")
    RouteProcessor.objects.create(route=Route.objects.create(name="team", path_prefix="/team"), processor=row)
    assert "team" in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Puts this after the caller's system prompt: “Be kind.”"),
        (
            {"type": "set_params", "config_value": "if_missing", "additional_config": {"n": 1}},
            "gives none: n = 1.",
        ),
        (
            {"type": "set_params", "config_value": "", "additional_config": {"n": 1}},
            "whatever the caller gives",
        ),
        ({"type": "drop_params", "config_value": "user, n"}, "Takes away: user, n."),
        (
            {"type": "limit_params", "config_value": "", "additional_config": {"n": {"max": 2}}},
            "Keeps within bounds: n.",
        ),
        (
            {"type": "regex_replace", "config_value": "a+", "additional_config": {"replacement": "b"}},
            "Replaces what matches “a+” with “b”.",
        ),
        ({"type": "openai_chat", "config_value": "gpt-4o"}, "Asks the model gpt-4o"),
        ({"type": "logger"}, "changes nothing"),
        ({"type": "python", "config_value": "mine.Step"}, "Runs the class mine.Step."),
        ({"type": "telepathy"}, "There is no such type of processor: telepathy."),
        ({"on_error": "skip"}, "the call goes on without it"),
        ({"is_enabled": False}, "switched off"),
    ],
)
def test_what_a_processor_does_is_a_sentence(given: dict[str, Any], words: str) -> None:
    usual = {
        "name": "x",
        "type": "system_prompt",
        "config_value": "Be kind.",
        "additional_config": {"mode": "append"},
    }
    assert words in sentences.of(Processor(**(usual | given)))
