from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from accounts.models import AuditEvent
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
