from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.models import AuditEvent
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
    value = {"set_params": "", "logger": ""}.get(name, "x")
    types.make(name, value, json.loads(ABOUT[name][2]))
    assert isinstance(Options(json.loads(ABOUT["python"][2])).seconds("timeout_seconds", 1), float)


def test_the_list_says_which_routes_use_it(admin_client: Client) -> None:
    row = Processor.objects.create(name="kind", type="logger")
    RouteProcessor.objects.create(route=Route.objects.create(name="team", path_prefix="/team"), processor=row)
    assert "team" in admin_client.get(LIST).content.decode()
