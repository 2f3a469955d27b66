from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.test import AsyncClient, Client

from accounts.models import AuditEvent
from logs_app.models import LogRecord
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db
LIST = "/admin/logs_app/logrecord/"


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def browser(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def exported(user: User, query: str) -> tuple[int, bytes]:
    """In the thread of the test, whose transaction no other one sees into."""
    client = AsyncClient()
    client.force_login(user)

    async def ask() -> tuple[int, bytes]:
        response = await client.get(f"{LIST}export/?{query}")
        return response.status_code, b"".join(
            [part async for part in response]
        ) if response.streaming else b""

    return async_to_sync(ask)()


def turn(*said: str) -> LogRecord:
    messages = [{"role": "user", "content": text} for text in said]
    record = add_record(request=json.dumps({"model": "m-1", "messages": messages}).encode())
    LogRecord.objects.filter(pk=record.pk).update(session="s-1")
    return record


def page(browser: Client, path: str) -> Any:
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_has_its_exports_with_its_filters(browser):
    add_record()
    shown = page(browser, f"{LIST}?outcome=failed")
    assert f'href="{LIST}export/?outcome=failed&amp;format=csv"' in shown


def test_an_export_has_what_the_list_is_filtered_to(staff):
    failed = add_record(closed_with={"outcome": "failed"})
    add_record()
    status, body = exported(staff, "outcome=failed&format=csv")
    assert status == 200
    assert [row["id"] for row in csv.DictReader(io.StringIO(body.decode()))] == [str(failed.pk)]
    assert AuditEvent.objects.filter(action="record.export").count() == 1


def test_an_export_is_for_those_who_may_see_records(staff):
    clerk = User.objects.create_user("clerk", is_staff=True)
    assert exported(clerk, "format=csv")[0] == 403
    assert exported(staff, "format=xml")[0] == 404


def test_a_record_leads_to_its_uses(browser):
    record = add_record()
    shown = page(browser, f"{LIST}{record.pk}/change/")
    assert f'href="{LIST}{record.pk}/replay/"' in shown
    assert f'href="{LIST}{record.pk}/use/"' in shown


def test_who_may_only_look_is_not_led_to_a_replay():
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    looking = Client()
    looking.force_login(clerk)
    shown = page(looking, f"{LIST}{add_record().pk}/change/")
    assert "/use/" in shown and "/replay/" not in shown


def test_a_record_is_shown_as_programs_and_beside_the_one_before(browser):
    first, second = turn("<b>Hello</b>"), turn("<b>Hi</b>", "more")
    shown = page(browser, f"{LIST}{second.pk}/use/")
    assert "curl " in shown and "from openai import OpenAI" in shown and "await fetch" in shown
    assert f"{LIST}{first.pk}/change/" in shown
    assert "messages/0" in shown
    read = AuditEvent.objects.filter(action="record.reveal").values_list("target_id", flat=True)
    assert set(read) == {str(first.pk), str(second.pk)}
    assert "<b>Hello</b>" not in shown
    assert "There is none." in page(browser, f"{LIST}{first.pk}/use/")
    assert browser.get(f"{LIST}nonsense/use/").status_code == 404
