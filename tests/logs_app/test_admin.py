from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.models import ModelPrice
from logs_app.pricing import seeding
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db

LIST = "/admin/logs_app/logrecord/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    client.get("/admin/")
    return client


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_what_others_wrote_is_shown_and_never_run(staff):
    body = f'{{"model": "m", "messages": [{{"role": "user", "content": "{HOSTILE}"}}]}}'.encode()
    record = add_record(
        body, request=body,
        opened_with={"model": HOSTILE, "path": f"/v1/{HOSTILE}", "headers": [[HOSTILE, HOSTILE]]},
        answered_with={"headers": [["content-type", "text/plain"], ["x-a", HOSTILE]], "provider": HOSTILE},
        closed_with={
            "error_message": HOSTILE,
            "edits": [{"kind": HOSTILE}],
            "attempts": [{"provider": HOSTILE, "error": HOSTILE}],
        },
    )  # fmt: skip
    for url in (LIST, f"{LIST}{record.pk}/change/"):
        html = page(staff, url)
        assert HOSTILE not in html
        assert "&lt;script&gt;" in html


def test_records_cannot_be_added_changed_or_deleted(staff):
    record = add_record()
    url = f"{LIST}{record.pk}/"
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{url}change/", {"model": "x"}).status_code == 403
    assert staff.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    record.refresh_from_db()
    assert record.model == "m-1"


def test_staff_without_the_permission_does_not_get_in():
    clerk = User.objects.create_user("clerk", is_staff=True)
    client = Client()
    client.force_login(clerk)
    assert client.get(LIST).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    assert client.get(LIST).status_code == 200


def test_pages_keep_to_the_content_security_policy(staff):
    record = add_record()
    for url in (LIST, f"{LIST}{record.pk}/change/"):
        html = page(staff, url)
        assert "style=" not in html
        assert " onclick=" not in html


def test_reading_a_record_is_audited_and_the_list_is_not(staff):
    record = add_record()
    page(staff, LIST)
    assert not AuditEvent.objects.filter(action="record.reveal").exists()
    page(staff, f"{LIST}{record.pk}/change/")
    event = AuditEvent.objects.get(action="record.reveal")
    assert (event.actor_name, event.target_id) == ("root", str(record.pk))


def test_prices_are_written_in_dollars(staff):
    seeding.load(ModelPrice, "default")  # a test before it may have emptied every table
    prices = "/admin/logs_app/modelprice/"
    listed = page(staff, f"{prices}?q=gpt-4o-2024-11-20")
    for name, dollars in (
        ("input", "$2.50"),
        ("cached_input", "$1.25"),
        ("cache_write", "–"),
        ("output", "$10.00"),
    ):
        assert f'<td class="field-dollars_of_{name}">{dollars}</td>' in listed
    assert f"relay is of {seeding.listed_on()}" in listed
    form = {"model": "mine", "valid_from": "2026-01-01T00:00:00", "input": "0.25"}
    form |= {"above_prompt_tokens": "0", "output": "nothing", "audio_input": "40"}
    refused = staff.post(f"{prices}add/", form)
    assert "is no amount of dollars" in refused.content.decode()
    assert staff.post(f"{prices}add/", form | {"output": ""}).status_code == 302
    price = ModelPrice.objects.get(model="mine")
    assert (price.input, price.output, price.audio_input) == (250_000_000, None, 40_000_000_000)
    assert "$40.00 sound in the prompt" in page(staff, f"{prices}?q=mine")
    assert 'value="0.25"' in page(staff, f"{prices}{price.pk}/change/")
    assert AuditEvent.objects.filter(action="price.create").exists()
    unchanged = {
        "valid_from": "2026-01-01T00:00:00",
        "model": "mine",
        "input": "0.250",
        "audio_input": "40.0",
    }
    staff.post(f"{prices}{price.pk}/change/", unchanged | {"above_prompt_tokens": "0", "output": "1"})
    assert AuditEvent.objects.get(action="price.update").after == '{"output":1000000000}'
