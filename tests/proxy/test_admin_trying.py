from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from proxy.models import Processor, Route, RouteProcessor

pytestmark = pytest.mark.django_db

FORM = {
    "path": "/v1/chat/completions",
    "request": '{"model": "m", "messages": [{"role": "user", "content": "my secret"}]}',
}


@pytest.fixture
def page() -> str:
    route = Route.objects.create(name="team", path_prefix="/team")
    redact = Processor.objects.create(
        name="redact",
        type="regex_replace",
        config_value="secret",
        additional_config={"replacement": "[gone]"},
    )
    broken = Processor.objects.create(name="broken", type="telepathy", on_error="skip")
    for position, processor in enumerate((redact, broken)):
        RouteProcessor.objects.create(route=route, processor=processor, position=position)
    return f"/admin/proxy/route/{route.pk}/"


def test_the_page_of_a_route_leads_there(admin_client: Client, page: str) -> None:
    assert f'href="{page}try/"' in admin_client.get(f"{page}change/").content.decode()
    assert "gpt-4o" in admin_client.get(f"{page}try/").content.decode()


def test_it_shows_the_request_after_its_steps(admin_client: Client, page: str) -> None:
    shown = admin_client.post(f"{page}try/", FORM).content.decode()
    assert re.search(r"- +&quot;content&quot;: &quot;my secret", shown)
    assert re.search(r"\+ +&quot;content&quot;: &quot;my \[gone\]", shown)
    assert "<td>messages</td>" in shown
    assert "There is no type &#x27;telepathy&#x27;" in shown


@pytest.mark.parametrize("request_", ["[]", "{", ""])
def test_what_is_no_request_is_refused(admin_client: Client, page: str, request_: str) -> None:
    response = admin_client.post(f"{page}try/", FORM | {"request": request_})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert "After its steps" not in response.content.decode()


def test_who_may_only_look_tries_nothing(client: Client, page: str) -> None:
    user = User.objects.create_user("ada", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_route"))
    client.force_login(user)
    assert client.get(f"{page}change/").status_code == 200
    assert client.get(f"{page}try/").status_code == 403


def test_a_route_that_is_not_there(admin_client: Client) -> None:
    response: Any = admin_client.get("/admin/proxy/route/999/try/")
    assert response.status_code == 404
