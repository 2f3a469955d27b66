"""The buttons of the providers' pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Project
from proxy.admin.providertests import judge
from proxy.health import ownkey, standing
from proxy.health.table import Table
from proxy.models import Provider
from proxy.simulator import Simulator
from tests.proxy.test_admin import FORM, LIST

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def health_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    table = Table(tmp_path)
    monkeypatch.setattr(standing, "table", lambda: table)
    yield table
    table.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Simulator]:
    with Simulator(api_key="sk-good") as running:
        yield running


@pytest.fixture
def provider(guarded: Simulator) -> Provider:
    return Provider.objects.create(provider_key="default", api_base=guarded.base_url, api_key="sk-good")


def viewer(client: Client) -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_provider", "view_project"]))
    client.force_login(user)
    return client


def test_one_is_checked_by_its_button(admin_client: Client, provider: Provider) -> None:
    back = f"http://testserver{LIST}?q=def"
    answer = admin_client.post(f"{LIST}{provider.pk}/test/", headers={"referer": back})
    assert answer.url == back
    assert "Provider default: It lists" in admin_client.get(LIST).content.decode()
    elsewhere = admin_client.post(f"{LIST}{provider.pk}/test/", headers={"referer": "https://evil.example/"})
    assert elsewhere.url == LIST


def test_one_is_reset_by_its_button(admin_client: Client, provider: Provider) -> None:
    admin_client.post(f"{LIST}{provider.pk}/reset/")
    assert AuditEvent.objects.filter(action="provider.reset").exists()


def test_a_provider_is_tried_before_it_is_saved(admin_client: Client, guarded: Simulator) -> None:
    given = FORM | {"provider_key": "new", "api_base": guarded.base_url, "new_api_key": "sk-good"}
    answer = admin_client.post(f"{LIST}try/", given).json()
    assert answer["is_ok"] and "It lists" in answer["words"] and answer["models"]
    answer = admin_client.post(f"{LIST}try/", given | {"new_api_key": "sk-bad"}).json()
    assert not answer["is_ok"] and "It refuses the API key" in answer["words"]
    answer = admin_client.post(f"{LIST}try/", given | {"api_base": "nonsense"}).json()
    assert answer == {"is_ok": False, "words": answer["words"]} and answer["words"].startswith("Address: ")
    assert not Provider.objects.exists()


def test_a_saved_one_is_tried_with_the_key_it_has(admin_client: Client, provider: Provider) -> None:
    given = FORM | {"api_base": provider.api_base, "weight": "7", "pk": str(provider.pk)}
    assert admin_client.post(f"{LIST}try/", given).json()["is_ok"]
    assert Provider.objects.get().weight == 1


@pytest.mark.parametrize(
    ("text", "model", "wanted"),
    [
        ("", "gpt-4o", {"error": "", "rules": {}, "leads": "“gpt-4o” goes out under its own name."}),
        (
            '{"gpt-*": "openai/gpt-*"}',
            "gpt-4o",
            {"error": "", "rules": {}, "leads": "“gpt-4o” goes out as “openai/gpt-4o”, by the rule “gpt-*”."},
        ),
        (
            '{"gpt-*": "x"}',
            "o3",
            {"error": "", "rules": {}, "leads": "This provider would not be asked for “o3”."},
        ),
        ("{", "", {"error": "This is no JSON.", "rules": {}}),
    ],
)
def test_a_mapping_is_judged_while_it_is_written(text: str, model: str, wanted: dict[str, Any]) -> None:
    assert judge(text, model) == wanted


def test_each_rule_of_a_mapping_has_its_own_words() -> None:
    found = judge('{"a*": "b**", "gpt-(.*": "x", "fine": "fine", "": "x"}', "a")
    assert set(found["rules"]) == {"a*", "gpt-(.*", ""} and found["leads"] == ""
    assert found["rules"]["a*"] == "'b**' has more * than 'a*'."


def test_who_may_only_look_has_no_buttons(provider: Provider) -> None:
    client = viewer(Client())
    for address in (LIST, f"{LIST}{provider.pk}/change/"):
        page = client.get(address).content.decode()
        assert "Check now" not in page and "_test" not in page and "Test the connection" not in page
    for button in (f"{provider.pk}/test/", f"{provider.pk}/reset/", "try/", "mapping/"):
        assert client.post(LIST + button).status_code == 403


def test_buttons_do_nothing_when_they_are_only_looked_at(admin_client: Client, provider: Provider) -> None:
    for button in (f"{provider.pk}/test/", f"{provider.pk}/reset/", "try/", "mapping/"):
        assert admin_client.get(LIST + button).status_code == 405
    assert admin_client.post(f"{LIST}999/test/").status_code == 404


def test_the_list_tells_shares_and_costs_the_same_however_long_it_is(admin_client: Client) -> None:
    counts = []
    for start in (0, 3):
        for n in range(start, start + 3):
            Provider.objects.create(provider_key=f"p{n}", api_base="https://a.example", weight=n)
        with CaptureQueriesContext(connection) as counted:
            page = admin_client.get(LIST).content.decode()
        counts.append(len(counted))
    assert counts[0] == counts[1]
    assert "33 % by weight" in page and "gets no calls" in page and "no calls in 24 h" in page


def test_who_stands_in_for_others_is_on_standby(admin_client: Client) -> None:
    for n in (0, 1):
        Provider.objects.create(provider_key=f"p{n}", api_base="https://a.example", priority=n)
    page = admin_client.get(LIST).content.decode()
    assert page.count("100 % by weight") == page.count("standby, 100 % of priority 1") > 0


def test_the_own_key_of_a_project_is_tested(
    admin_client: Client, provider: Provider, guarded: Simulator
) -> None:
    project = Project.objects.create(name="Shop", upstream_key="sk-good")
    address = f"/admin/accounts/project/{project.pk}/"
    page = admin_client.post(f"{address}test-key/", follow=True).content.decode()
    assert "Own key at default: It lists" in page
    Project.objects.update(upstream_key="")
    project.upstream_key = "sk-wrong"
    assert ownkey.test(project) == (False, ownkey.test(project)[1])
    assert "refuses the API key" in ownkey.test(project)[1]
    Provider.objects.update(is_enabled=False)
    assert "is disabled" in ownkey.test(project)[1]
    Provider.objects.all().delete()
    assert "There is no provider 'default'" in ownkey.test(project)[1]
