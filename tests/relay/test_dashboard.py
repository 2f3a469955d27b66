from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import Credential
from logs_app import reveals
from logs_app.models import LogRecord
from relay.dashboard import figures
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    figures.forget()
    yield
    figures.forget()


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/admin/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def figure(text: str, name: str) -> str:
    found = re.search(rf'id="figure-{name}".*?figure-value">([^<]*)<', text, re.DOTALL)
    assert found is not None
    return found[1]


def staff(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def test_the_first_page_shows_what_was_recorded(admin_client):
    many(3)
    add_record(closed_with={"status": 500, "error_code": "late", "error_message": "Too late."})
    text = page(admin_client)
    assert (figure(text, "requests"), figure(text, "success"), figure(text, "tokens")) == (
        "4",
        "75.0 %",
        "20",
    )
    assert "error_code=late&amp;since=24h" in text and "Too late." in text
    drawn = json.loads(re.search(r'<script id="drawn"[^>]*>(.*?)</script>', text, re.DOTALL)[1])
    assert sum(drawn["requests"][0]["values"]) == 4


def test_a_view_has_an_address(admin_client):
    many(1)
    text = page(admin_client, "?range=7d&by=provider&at=p99")
    assert 'href="?range=7d&amp;by=provider&amp;at=p99" aria-current="true"' in text
    assert "By provider" in text
    assert admin_client.get("/admin/?range=7d&part=charts").json()["step"] == 3600


@pytest.mark.parametrize("query", ["?range=9y&by=secret&at=p1", "?range=", "?range=24h&range=x"])
def test_what_makes_no_sense_is_the_usual_view(admin_client, query):
    assert 'href="?range=24h&amp;by=model&amp;at=p95" aria-current="true"' in page(admin_client, query)


def test_the_parts_are_those_of_the_page(admin_client):
    many(2)
    part = page(admin_client, "?part=now")
    assert figure(part, "requests") == "2"
    assert "<html" not in part and 'id="tables"' in part
    assert sum(admin_client.get("/admin/?part=charts").json()["requests"][0]["values"]) == 2


def test_hostile_names_are_text(admin_client):
    add_record(
        opened_with={"model": HOSTILE},
        closed_with={"status": 500, "error_code": HOSTILE, "error_message": HOSTILE},
    )
    for query in ("", "?part=now"):
        assert HOSTILE not in page(admin_client, query)
    assert HOSTILE in json.dumps(admin_client.get("/admin/?part=charts").json())


def test_who_may_not_see_records_sees_no_figures(client):
    many(2)
    text = page(staff(client))
    assert "You may not see records" in text
    assert "figure-requests" not in text and 'id="drawn"' not in text and "providers-title" not in text
    assert client.get("/admin/?part=charts").json() == {}


def test_figures_come_with_the_permission(client):
    many(2)
    assert figure(page(staff(client, "view_logrecord")), "requests") == "2"


def test_words_of_errors_are_for_those_who_may_read_what_was_said(admin_client, monkeypatch):
    add_record(closed_with={"status": 500, "error_code": "late", "error_message": "You said: my secret"})
    assert "my secret" in page(admin_client)
    monkeypatch.setattr(reveals, "is_allowed", lambda user: False)
    text = page(admin_client)
    assert "error_code=late" in text and "my secret" not in text


def test_strangers_are_asked_to_sign_in(client):
    answer = client.get("/admin/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/admin/login/?next=/admin/")


def test_a_new_relay_says_what_is_to_be_done(admin_client):
    text = page(admin_client)
    assert "Before the first call" in text and 'id="over-time" aria-labelledby="charts-title" hidden' in text
    assert "What fails most" not in text
    many(1)
    text = page(admin_client)
    assert 'aria-labelledby="charts-title" hidden' not in text and "Nothing failed in this time" in text


def test_the_programs_have_this_address(admin_client, settings):
    assert "http://testserver/v1" in page(admin_client)
    settings.PROXY_BASE_URL = "https://relay.example/v1"
    assert "https://relay.example/v1/chat/completions" in page(admin_client)


def test_figures_are_kept_for_a_few_seconds(admin_client, client, monkeypatch):
    many(1)
    assert figure(page(admin_client), "requests") == "1"
    many(1)
    assert figure(page(admin_client), "requests") == "1"
    assert figure(page(staff(client, "view_logrecord")), "requests") == "1"
    monkeypatch.setitem(figures.KEPT_SECONDS, "24h", 0.0)
    assert figure(page(admin_client), "requests") == "2"


def test_only_so_much_is_kept(admin_client, monkeypatch):
    monkeypatch.setattr(figures, "MOST_KEPT", 2)
    for name in ("1h", "24h", "7d", "30d"):
        page(admin_client, f"?range={name}")
    assert len(figures._kept) == 2


def test_a_page_takes_few_queries_however_many_keys_there_are(admin_client, django_assert_max_num_queries):
    many(2)
    for number in range(20):
        Credential.objects.create(name=f"key-{number}", digest=bytes([number]) * 32, prefix="sk-…")
    with django_assert_max_num_queries(40):
        page(admin_client)


def test_no_record_is_read_but_those_that_are_shown(admin_client, monkeypatch):
    """The sums answer: of a day, no record itself is asked for."""
    many(2)
    read: list[Any] = []
    monkeypatch.setattr(LogRecord, "from_db", classmethod(lambda cls, *given: read.append(given)))
    page(admin_client)
    assert read == []
