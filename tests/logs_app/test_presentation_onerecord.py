from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from logs_app.models import LogRecord
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


def get(client: Client, url: str, status: int = 200) -> Any:
    response = client.get(url)
    assert response.status_code == status, response.content
    return response.json()


def turn(*said: str, **columns: Any) -> LogRecord:
    messages = [{"role": "user", "content": text} for text in said]
    record = add_record(request=json.dumps({"model": "m-1", "messages": messages}).encode())
    LogRecord.objects.filter(pk=record.pk).update(**{"session": "s-1", **columns})
    return record


@pytest.mark.parametrize("language", ["curl", "python", "javascript"])
def test_a_record_is_shown_as_a_program(api, language):
    shown = get(api, f"/manage/logs/{add_record().pk}/snippet?language={language}")
    assert shown["language"] == language
    assert "http://testserver/v1" in shown["code"]
    assert "RELAY_API_KEY" in shown["code"]


def test_the_address_is_the_public_one(api, settings):
    settings.PROXY_BASE_URL = "https://relay.example.com/"
    assert "https://relay.example.com/v1/chat" in get(api, f"/manage/logs/{add_record().pk}/snippet")["code"]


def test_an_unknown_language_is_refused(api):
    assert (
        get(api, f"/manage/logs/{add_record().pk}/snippet?language=cobol", 400)["error"]["param"]
        == "language"
    )


def test_a_request_is_compared_with_the_one_before_it_in_its_session(api):
    turn("Hello", session="other")
    first = turn("Hello")
    turn("Hello", "replayed", lineage="replay")
    turn("Hello", "of somebody else", project_id="p")
    second = turn("Hello", "more")
    shown = get(api, f"/manage/logs/{second.pk}/previous")
    assert shown["previous"] == str(first.pk)
    assert shown["comparison"]["first_difference"] is None
    assert shown["comparison"]["messages"] == {"before": 1, "after": 2, "same": 1}
    assert get(api, f"/manage/logs/{first.pk}/previous") == {
        "previous": None,
        "cached_tokens": None,
        "comparison": None,
    }


def test_without_a_session_there_is_no_previous_request(api):
    turn("Hello", session="")
    assert get(api, f"/manage/logs/{turn('Hello', session='').pk}/previous")["previous"] is None


@pytest.mark.parametrize("what", ["snippet", "previous/"])
def test_who_looks_is_audited_and_what_is_not_there_is_not_found(api, what):
    record = add_record()
    get(api, f"/manage/logs/{record.pk}/{what}")
    assert AuditEvent.objects.get(action="record.reveal").target_id == str(record.pk)
    get(api, f"/manage/logs/nonsense/{what}", 404)
    assert Client().get(f"/manage/logs/{record.pk}/{what}").status_code == 401
