"""Trying redaction in the admin: what is found is marked, and what was found is not shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client

from accounts.models import AuditEvent, Project
from logs_app.models import LogSettings, RedactionRule
from logs_app.redaction import policy
from tests.logs_app.records import add_record

URL = "/admin/logs_app/redactionrule/try/"
TEXT = "EMP-12345 writes from joe@example.com"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    policy.forget()
    cache.clear()


def asked(client: Client, **form: Any) -> str:
    answer = client.post(URL, form)
    assert answer.status_code == 200
    return answer.content.decode()


def rule(**values: Any) -> RedactionRule:
    return RedactionRule.objects.create(
        **{"name": "staff", "label": "EMPLOYEE", "pattern": r"EMP-\d{5}"} | values
    )


def test_a_chosen_rule_marks_what_it_would_replace(admin_client: Client) -> None:
    one = rule(is_enabled=False, project=Project.objects.create(name="careful"))
    page = asked(admin_client, text=TEXT, rules=[one.pk])
    assert '<span class="redacted">[EMPLOYEE_1]</span> writes from joe@example.com</pre>' in page
    assert "1 thing in the text would be replaced." in page


def test_a_new_pattern_is_tried_and_not_kept(admin_client: Client) -> None:
    page = asked(admin_client, text=TEXT, pattern="joe@[a-z.]+")
    assert 'EMP-12345 writes from <span class="redacted">[FOUND_1]</span>' in page
    assert not RedactionRule.objects.exists()


def test_without_a_choice_all_that_holds_now_is_tried(admin_client: Client) -> None:
    rule()
    LogSettings.objects.create(redacted_kinds=["EMAIL"])
    page = asked(admin_client, text=TEXT)
    assert '[EMPLOYEE_1]</span> writes from <span class="redacted">[EMAIL_1]</span>' in page


def test_records_are_looked_into_when_that_is_wanted(admin_client: Client) -> None:
    add_record(request=b'{"messages": [{"role": "user", "content": "Who is EMP-12345?"}]}')
    page = asked(admin_client, pattern=r"EMP-\d{5}", on_records="on")
    assert "1 of the 1 newest records would change." in page
    assert "[FOUND_1]" in page and "E••••••••" in page and "EMP-12345" not in page


def test_who_is_shown_parts_of_records_is_audited(admin_client: Client) -> None:
    shown = add_record(request=b'{"messages": [{"role": "user", "content": "Who is EMP-12345?"}]}')
    add_record(request=b'{"messages": [{"role": "user", "content": "Nobody."}]}')
    asked(admin_client, text=TEXT)
    assert not AuditEvent.objects.exists()
    asked(admin_client, pattern=r"EMP-\d{5}", on_records="on")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.target_id) == ("record.reveal", "admin", str(shown.pk))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Paste a text"),
        ({"text": "a", "pattern": "(a"}, "The pattern cannot be used: missing )"),
        ({"text": "a" * 100_001}, "at most 100000 characters"),
    ],
    ids=["nothing", "broken", "long"],
)
def test_what_cannot_be_tried_is_said_in_words(admin_client: Client, form: Any, words: str) -> None:
    assert words in asked(admin_client, **form)


def test_a_rule_written_past_the_forms_is_said_to_be_unusable(admin_client: Client) -> None:
    rule(pattern="(")
    assert "A rule of redaction cannot be used." in asked(admin_client, text=TEXT)


def test_it_needs_to_see_the_rules_and_for_records_what_was_said(client: Client) -> None:
    user = User.objects.create_user("ann", is_staff=True)
    client.force_login(user)
    assert client.get(URL).status_code == 403
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_redactionrule", "view_logrecord"])
    )
    assert "[EMAIL_1]" in asked(client, text=TEXT)
    assert client.post(URL, {"text": TEXT, "on_records": "on"}).status_code == 403
