from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import Project
from proxy.configuration import rows
from proxy.health import Health, Outcome, standing
from proxy.health.table import Table
from proxy.models import Processor, Provider, Route, RouteProcessor
from tests.accounts.admin_pages import has_inline_code, text
from tests.proxy.test_health import Configured

pytestmark = pytest.mark.django_db

PAGE = "/admin/proxy/provider/where/"
CHAT = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def health_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    table = Table(tmp_path)
    monkeypatch.setattr(standing, "table", lambda: table)
    yield table
    table.close()


def make(name: str, **given: Any) -> Provider:
    return Provider.objects.create(provider_key=name, api_base="https://a.example", api_key="sk-up", **given)


def ask(client: Client, **asked: str) -> str:
    page = client.get(PAGE, {"path": CHAT, "model": "gpt-4o", **asked})
    assert not has_inline_code(page)
    return text(page)


def test_it_opens_with_a_question(admin_client: Client) -> None:
    page = admin_client.get(PAGE)
    assert "Nothing is sent" in text(page) and "Asked" not in text(page)


def test_the_answer_is_a_sentence_and_a_line_for_each(admin_client: Client) -> None:
    make("main", weight=3, model_mapping={"gpt-*": "openai/gpt-*"})
    make("spare", weight=1)
    make("last", priority=1)
    make("other", model_mapping={"claude-*": "claude-*"})
    make("off", is_enabled=False)
    page = ask(admin_client)
    assert "It goes to one of main (75 %), spare (25 %). If they fail: last." in page
    assert "openai/gpt-4o by the rule “gpt-*”" in page
    assert "Its models do not name this one." in page and "It is disabled." in page


def test_a_breaker_that_is_open_is_told(admin_client: Client, health_table: Table) -> None:
    main, _spare = make("main"), make("spare")
    health = Health(Configured(rows.provider_of(main)), health_table)
    for _ in range(5):
        health.report(main.pk, Outcome.SERVER_ERROR, words="HTTP 500")
    page = ask(admin_client)
    assert (
        "It goes to spare." in page and "leaves it out while others are well" in page and "HTTP 500" in page
    )


def test_a_route_and_its_steps_are_told(admin_client: Client) -> None:
    make("main")
    route = Route.objects.create(name="team", path_prefix="/team")
    step = Processor.objects.create(name="kind", type="system_prompt", config_value="Be kind.")
    RouteProcessor.objects.create(route=route, processor=step)
    page = ask(admin_client, path="/team/chat/completions")
    assert "The route “team” takes it." in page and "these steps may change it: kind" in page


def test_a_refusal_is_told_as_the_caller_reads_it(admin_client: Client) -> None:
    make("main", model_mapping={"o3": "o3"})
    page = ask(admin_client)
    assert "with status 404 and code model_not_found" in page


def test_a_projects_own_key_decides(admin_client: Client) -> None:
    make("main"), make("theirs")
    Project.objects.create(name="Shop", upstream_key="sk-own", provider_key="theirs")
    page = ask(admin_client, project="Shop")
    assert "It goes to theirs." in page and "brings its own key" in page
    assert "There is no project “Nobody”" in ask(admin_client, project="Nobody")


def test_what_is_asked_is_text(admin_client: Client) -> None:
    make("main")
    page = admin_client.get(
        PAGE, {"path": "/v1/<script>alert(1)</script>", "model": "<script>alert(1)</script>"}
    )
    assert b"<script>alert" not in page.content


def test_who_may_look_at_providers_may_ask(client: Client) -> None:
    user = User.objects.create_user("ada", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_provider"))
    assert client.get(PAGE).status_code == 200
