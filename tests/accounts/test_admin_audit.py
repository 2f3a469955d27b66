"""The pages of the audit trail."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.admin.audit import changes
from accounts.audit import audit
from accounts.audit.audit import Actor
from accounts.models import AuditEvent

LIST = "/admin/accounts/auditevent/"
HOSTILE = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> AuditEvent:
    before, after = {"name": "old", "limit": 5}, {"name": HOSTILE, "limit": 5}
    audit.record(
        Actor("user", "ada", "192.0.2.7"),
        "project.update",
        ("project", "7", "Shop"),
        before=before,
        after=after,
    )
    return AuditEvent.objects.latest("id")


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_says_who_did_what_and_what_changed(admin_client: Client, event: AuditEvent) -> None:
    html = text(admin_client, LIST)
    for shown in ("ada", "192.0.2.7", "project.update", "Shop", "name: old → &lt;script&gt;", "badge-ok"):
        assert shown in html
    assert HOSTILE not in html and "limit" not in html


def test_an_event_shows_both_sides_of_each_change(admin_client: Client, event: AuditEvent) -> None:
    html = text(admin_client, f"{LIST}{event.pk}/change/")
    assert "<del>old</del>" in html and "<ins>&lt;script&gt;" in html
    assert event.hash in html


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', [("b", 2, 3)]),
        ("", '{"a": 1}', [("a", None, 1)]),
        ('{"a": 1}', "", [("a", 1, None)]),
        ("", "", []),
    ],
)
def test_only_what_differs_is_a_change(before: str, after: str, expected: list[Any]) -> None:
    assert changes(AuditEvent(before=before, after=after)) == expected


def test_the_chain_is_checked_when_asked(admin_client: Client, event: AuditEvent) -> None:
    assert admin_client.get(f"{LIST}check/").status_code == 405
    assert "The trail is whole" in admin_client.post(f"{LIST}check/").content.decode()
    AuditEvent.objects.filter(pk=event.pk).update(actor_name="eve")
    html = admin_client.post(f"{LIST}check/").content.decode()
    assert "not whole" in html and "was changed" in html


def test_an_export_is_the_filtered_list_and_is_itself_an_event(
    admin_client: Client, event: AuditEvent
) -> None:
    audit.record(Actor("user", "bob"), "project.create", ("project", "8", "Mail"))
    answer = admin_client.get(f"{LIST}export/?q=ada")
    lines = [orjson.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["actor_name"] for line in lines] == ["ada"]
    assert lines[0]["hash"] == event.hash
    assert AuditEvent.objects.latest("id").action == "audit.export"


def test_it_is_for_those_who_may_see_it(client: Client, event: AuditEvent) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    for answer in (client.get(LIST), client.get(f"{LIST}export/"), client.post(f"{LIST}check/")):
        assert answer.status_code == 403
