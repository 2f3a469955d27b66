from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.audit.events import AuditEvent
from logs_app.models import DeadLetter, Dispatcher, Subscriber
from tests.accounts.admin_pages import has_inline_code, text
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db
PAGES, LETTERS = "/admin/logs_app/dispatcher/", "/admin/logs_app/deadletter/"
FORM = {
    "name": "log",
    "service": "file",
    "endpoint": "events.jsonl",
    "options": "{}",
    "filter": "{}",
    "batch_size": "50",
    "is_enabled": "on",
}


@pytest.fixture
def browser(settings: Any, tmp_path: Path) -> Client:
    settings.DATA_DIR = tmp_path
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def add(browser: Client, **values: str) -> Any:
    return browser.post(f"{PAGES}add/", FORM | values, follow=True)


def test_a_dispatcher_is_made_and_begins_now(browser: Client) -> None:
    many(1)
    add(browser, new_api_key="sk-secret")
    row = Dispatcher.objects.get()
    assert (row.name, row.api_key) == ("log", "sk-secret")
    assert Subscriber.objects.get().name == "log"
    many(1)
    page = browser.get(PAGES)
    assert "log file events.jsonl not at work 1 0 0" in text(page)
    form = browser.get(f"{PAGES}{row.pk}/change/")
    assert "sk-secret" not in form.content.decode()
    assert not has_inline_code(form) and not has_inline_code(page)


def test_a_key_is_changed_and_removed_and_the_name_stays(browser: Client) -> None:
    add(browser, new_api_key="sk-secret")
    url = f"{PAGES}{Dispatcher.objects.get().pk}/change/"
    browser.post(url, FORM | {"name": "other", "new_api_key": "sk-other"})
    row = Dispatcher.objects.get()
    assert (row.name, row.api_key) == ("log", "sk-other")
    browser.post(url, FORM | {"remove_api_key": "on"})
    assert Dispatcher.objects.get().api_key == ""
    assert "sk-" not in str(list(AuditEvent.objects.values_list("before", "after")))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"endpoint": "../relay.db"}, "Name a file below"),
        ({"options": '{"colour": 1}'}, "There is no option colour"),
        ({"filter": '{"status": "seven"}'}, "Write a status"),
    ],
)
def test_what_cannot_work_is_said_in_the_form(browser: Client, values: dict[str, str], words: str) -> None:
    assert words in text(add(browser, **values))
    assert not Dispatcher.objects.exists()


def test_a_test_event_is_sent_from_the_form_and_from_the_list(browser: Client, tmp_path: Path) -> None:
    assert "Dispatcher log: The event has arrived." in text(add(browser, _test="1"))
    chosen = {"action": "test_event", "_selected_action": [Dispatcher.objects.get().pk]}
    assert "Dispatcher log: The event has arrived." in text(browser.post(PAGES, chosen, follow=True))
    lines = (tmp_path / "events" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["model"] for line in lines] == ["test-event"] * 2


def test_a_failing_one_says_so_with_its_last_error(browser: Client) -> None:
    add(browser)
    Subscriber.objects.update(last_error="401: wrong key", last_error_at="2026-01-01T00:00:00Z")
    assert "failing" in text(browser.get(PAGES))
    form = text(browser.get(f"{PAGES}{Dispatcher.objects.get().pk}/change/"))
    assert "2026-01-01 00:00:00 UTC: 401: wrong key" in form


def test_with_a_dispatcher_its_place_is_forgotten(browser: Client) -> None:
    add(browser)
    browser.post(f"{PAGES}{Dispatcher.objects.get().pk}/delete/", {"post": "yes"})
    assert not Dispatcher.objects.exists() and not Subscriber.objects.exists()


def test_undelivered_events_are_shown_sent_again_and_deleted(browser: Client) -> None:
    add(browser)
    for record in many(2):
        DeadLetter.objects.create(
            subscriber="log", record_id=record.pk, node=record.node, seq=record.seq,
            reason="no such project", died_at=record.created_at,
        )  # fmt: skip
    page = browser.get(LETTERS, {"subscriber": "log"})
    assert text(page).count("no such project") == 2
    first = DeadLetter.objects.order_by("pk")[0]
    assert f"/admin/logs_app/logrecord/{first.record_id}/change/" in page.content.decode()
    answer = browser.post(LETTERS, {"action": "send_again", "_selected_action": [first.pk]}, follow=True)
    assert "1 event goes out when its dispatcher is at work." in text(answer)
    assert [letter.is_due for letter in DeadLetter.objects.order_by("pk")] == [True, False]
    chosen = {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"}
    browser.post(LETTERS, chosen)
    assert DeadLetter.objects.count() == 1
    assert browser.get(f"{LETTERS}add/").status_code == 403
