"""Alerts over the management API and in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.audit.events import AuditEvent
from logs_app.models import AlertRule, AlertState
from tests.accounts.api.conftest import API
from tests.logs_app.alerting import calls, rule
from tests.receiver import Receiver

URL = "/manage/alerts"
PAGE = "/admin/logs_app/alertrule/"
ERRORS = {"name": "Errors", "kind": "error_rate", "threshold": 20}
HOOK = "https://chat.example/hook/s3cret"

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db: None, client: Client) -> API:
    return API(client)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_an_alert_is_created_shown_changed_and_deleted(api: API) -> None:
    made = api.post(URL, ERRORS | {"project": "shop", "webhook_url": HOOK, "emails": ["a@example.com"]})
    assert made.status_code == 201
    shown = made.json()
    assert shown.items() >= (ERRORS | {"project": "shop", "model": "", "webhook_url_set": True}).items()
    assert (shown["window_minutes"], shown["clear_threshold"], shown["states"]) == (5, None, [])
    assert "s3cret" not in made.content.decode()
    path = f"{URL}/{shown['id']}"
    assert api.get(URL).json()["results"] == [api.get(path).json()]
    changed = api.patch(path, {"threshold": 30, "webhook_url": None, "project": None}).json()
    assert (changed["threshold"], changed["webhook_url_set"], changed["project"]) == (30, False, "")
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    trail = AuditEvent.objects.filter(action__startswith="alertrule.")
    assert set(trail.values_list("action", flat=True)) == {
        f"alertrule.{v}" for v in ("create", "update", "delete")
    }
    assert not any("s3cret" in str(event.__dict__) for event in trail)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threshold": None}, "threshold"),
        ({"threshold": 0}, "threshold"),
        ({"clear_threshold": 30}, "clear_threshold"),
        ({"kind": "weather"}, "kind"),
        ({"emails": ["nobody"]}, "emails"),
        ({"percentile": 42}, "percentile"),
        ({"webhook_url": "chat.example"}, "webhook_url"),
        ({"webhook_url": "http://169.254.169.254/"}, "webhook_url"),
        ({"window_minutes": 5000}, "window_minutes"),
    ],
)
def test_what_cannot_work_is_refused_in_words(api: API, given: dict[str, Any], field: str) -> None:
    answer = api.post(URL, ERRORS | given)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field
    assert not AlertRule.objects.exists()


def test_alerts_are_found(api: API) -> None:
    quiet, loud = rule("latency", 5, name="Slow"), rule("provider", name="Providers")
    AlertState.objects.create(rule=loud, subject="openai", is_open=True, words="provider 'openai': away")
    rule("spend", 5, name="Dear", is_enabled=False)
    names = {
        "?is_open=true": ["Providers"],
        "?is_open=false&is_enabled=true": ["Slow"],
        "?kind=spend": ["Dear"],
        "?search=sl": ["Slow"],
    }
    for query, expected in names.items():
        assert [each["name"] for each in api.get(URL + query).json()["results"]] == expected
    (state,) = api.get(f"{URL}/{loud.pk}").json()["states"]
    assert (state["subject"], state["is_open"], state["words"]) == ("openai", True, "provider 'openai': away")
    assert api.get(f"{URL}/{quiet.pk}").json()["states"] == []


def test_a_look_says_what_would_be_told(api: API, receiver: Receiver) -> None:
    made = rule("error_rate", 20, webhook_url=receiver.url)
    calls(10, outcome="failed")
    path = f"{URL}/{made.pk}/try"
    looked = api.post(path).json()
    assert (looked["reached"], looked["error"]) == ([], "")
    (found,) = looked["findings"]
    assert (found["value"], found["verdict"]) == (100.0, "begins")
    assert receiver.requests == []
    assert api.post(path, {"send": True}).json()["reached"] == ["webhook"]
    assert receiver.requests[0].json["type"] == "alert.test"
    assert not AlertState.objects.exists()


def test_a_secret_that_cannot_be_read_any_more_can_be_replaced(api: API) -> None:
    made = rule("provider", webhook_url=HOOK)
    AlertRule.objects.filter(pk=made.pk).update(webhook_url="gAAAAAbroken")
    path = f"{URL}/{made.pk}"
    assert api.patch(path, {"least_requests": 7}).status_code == 200
    assert api.post(f"{path}/try", {"send": True}).json()["error"].startswith("webhook: ")
    assert api.patch(path, {"webhook_url": HOOK}).status_code == 200
    assert AlertRule.objects.get().webhook_url == HOOK


FORM = {
    "name": "Errors", "kind": "error_rate", "threshold": "20", "is_enabled": "on", "window_minutes": "5",
    "least_requests": "5", "percentile": "95", "period": "day", "cool_down_minutes": "30",
    "states-TOTAL_FORMS": "0", "states-INITIAL_FORMS": "0",
}  # fmt: skip


def test_an_alert_is_made_and_changed_in_the_admin(staff: Client) -> None:
    given = FORM | {"emails": "a@example.com\nb@example.com\n", "new_webhook_url": HOOK}
    answer = staff.post(f"{PAGE}add/", given)
    assert answer.status_code == 302, answer.context["errors"]
    made = AlertRule.objects.get()
    assert (made.emails, made.webhook_url) == (["a@example.com", "b@example.com"], HOOK)
    page = staff.get(f"{PAGE}{made.pk}/change/").content.decode()
    assert "a@example.com\nb@example.com" in page and "s3cret" not in page
    given = FORM | {"threshold": "30", "emails": "", "remove_webhook": "on"}
    answer = staff.post(f"{PAGE}{made.pk}/change/", given)
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.threshold, made.emails, made.webhook_url) == (30, [], "")


def test_the_page_says_once_what_is_the_case_and_on_which_machine(staff: Client) -> None:
    rule = AlertRule.objects.create(name="Down", kind="provider")
    for node, is_open in (("n1", True), ("n2", False)):
        rule.states.create(subject="p", node=node, is_open=is_open, words=f"Left out by {node}")
    page = staff.get(f"{PAGE}{rule.pk}/change/").content.decode()
    assert page.count("Left out by n1") == 1
    assert "badge-error" in page and "badge-muted" in page and ">n2<" in page
    assert "● Left out by n1" in staff.get(PAGE).content.decode()


def test_what_nobody_would_hear_of_is_saved_and_said(staff: Client) -> None:
    answer = staff.post(f"{PAGE}add/", FORM | {"project": "no-such"}, follow=True)
    said = [str(each) for each in answer.context["messages"]]
    assert "There is no project 'no-such' now." in said and AlertRule.objects.get().project == "no-such"


def test_the_form_offers_the_names_that_came_up_last(staff: Client) -> None:
    calls(1, model="m-1", project_id="p", project="shop")
    page = staff.get(f"{PAGE}add/").content.decode()
    assert 'list="seen-model"' in page and '<datalist id="seen-model"><option value="m-1"></datalist>' in page
    assert '<option value="shop">' in page


@pytest.mark.parametrize(
    "given",
    [
        {"threshold": "0"},
        {"emails": "nobody"},
        {"new_webhook_url": "chat.example"},
        {"new_webhook_url": "https://chat.example/…"},
        {"clear_threshold": "50"},
    ],
)
def test_what_cannot_work_is_refused_on_the_form(staff: Client, given: dict[str, str]) -> None:
    answer = staff.post(f"{PAGE}add/", FORM | given)
    assert answer.status_code == 200 and answer.context["errors"]
    assert not AlertRule.objects.exists()


def test_the_list_shows_how_they_stand(staff: Client) -> None:
    loud = rule("provider", name="Providers", webhook_url=HOOK)
    for name in ("openai", "azure"):
        AlertState.objects.create(rule=loud, subject=name, is_open=True, words=f"provider '{name}': away")
    rule("latency", 5, name="Slow", model="m-1", emails=["a@example.com"])
    rule("spend", 5, name="Dear", evaluation_error="ValueError: no")
    page = staff.get(PAGE).content.decode()
    for shown in (
        "5 ms",
        "$5",
        "azure&#x27;: away and 1 more",
        "quiet",
        "cannot be read: ValueError: no",
        "model m-1",
    ):
        assert shown in page
    assert "s3cret" not in page
    change = staff.get(f"{PAGE}{loud.pk}/change/").content.decode()
    assert "provider &#x27;openai&#x27;: away" in change and "set, not signed" in change


@pytest.mark.parametrize("action", ["attempt", "send_test"])
def test_an_alert_is_tried_in_the_admin(staff: Client, receiver: Receiver, action: str) -> None:
    made = rule("error_rate", 20, webhook_url=receiver.url)
    empty = rule("expiry", 5, name="Keys")
    calls(10, outcome="failed")
    page = staff.post(PAGE, {"action": action, "_selected_action": [made.pk, empty.pk]}).content.decode()
    assert "10 of 10 calls failed" in page and "would begin" in page
    assert "There is nothing to be seen" in page
    assert len(receiver.requests) == (1 if action == "send_test" else 0)
    assert ("A test was sent by webhook" in page) == (action == "send_test")
