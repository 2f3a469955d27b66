"""Who may compare records in the console, and what its page is about; tests/console runs it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from accounts.models import AuditEvent
from logs_app.models import LogRecord
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db
PAGE = "/admin/compare/"


@pytest.fixture
def ann(client: Client) -> User:
    user = User.objects.create_user("ann", is_staff=True)
    client.force_login(user)
    return user


def allow(user: User, *names: str) -> None:
    user.user_permissions.set(Permission.objects.filter(codename__in=names))


@pytest.mark.parametrize("missing", ["add_logrecord", "view_payload", "view_logrecord"])
def test_it_needs_to_see_what_was_said_and_to_make_records(client: Client, ann: User, missing: str) -> None:
    allow(ann, *{"add_logrecord", "view_payload", "view_logrecord"} - {missing})
    assert client.get(PAGE).status_code == 403
    assert "Compare these" not in client.get("/admin/logs_app/logrecord/").text
    allow(ann, "add_logrecord", "view_payload", "view_logrecord")
    assert client.get(PAGE).status_code == 200


def test_the_page_is_about_the_filters_of_its_address(admin_client: Client) -> None:
    add_record()
    page = admin_client.get(PAGE, {"model": "never-heard", "p": "3", "min_tokens": "many", "other": "x"})
    assert page.context["wanted"] == {"filters": {"model": "never-heard"}}
    assert "No recorded call of a client fits." in page.text
    assert admin_client.get(PAGE).context["found"] == 1


def test_words_of_the_list_are_words_of_the_api(admin_client: Client) -> None:
    assert admin_client.get(PAGE, {"q": "hello"}).context["wanted"] == {"filters": {"search": "hello"}}


def test_chosen_records_are_named(admin_client: Client) -> None:
    one, _other = add_record(), add_record()
    page = admin_client.get(PAGE, {"id": [str(one.pk), "nonsense"]})
    assert page.context["wanted"] == {"filters": {}, "ids": [str(one.pk)]}
    assert (page.context["found"], page.context["limit"]) == (1, 1)
    assert admin_client.get(PAGE, {"id": "nonsense"}).context["found"] == 0
    form = {"id": [str(one.pk)], "action": "compare"}
    chosen = admin_client.post("/admin/logs_app/logrecord/selected/", form)
    assert chosen["Location"] == f"{PAGE}?id={one.pk}"


def asking(prompt: str) -> LogRecord:
    said = [{"role": "system", "content": prompt}, {"role": "user", "content": "Hi"}]
    return add_record(
        request=json.dumps({"model": "m-1", "messages": said}).encode(),
        opened_with={"path": "/v1/chat/completions"},
    )


def test_a_way_can_begin_with_the_prompt_of_the_newest(client: Client, ann: User) -> None:
    allow(ann, "add_logrecord", "view_payload", "view_logrecord")
    _old, new = asking("Be long."), asking("Be brief.")
    page = client.get(PAGE)
    assert (page.context["newest"], page.context["prompts"]) == (new.pk, 2)
    assert "2 different prompts" in page.text
    assert client.get(f"{PAGE}prompt/{new.pk}").json() == {"system": "Be brief."}
    assert AuditEvent.objects.filter(action="record.reveal", target_id=str(new.pk)).exists()
    allow(ann, "add_logrecord", "view_logrecord")
    assert client.get(f"{PAGE}prompt/{new.pk}").status_code == 403


def table(client: Client, rows: Any, checks: Any) -> Any:
    return client.post(f"{PAGE}csv", {"rows": json.dumps(rows), "checks": json.dumps(checks)})


def test_rows_become_a_table_that_no_spreadsheet_runs(admin_client: Client) -> None:
    id = str(uuid.uuid4())
    row = {"record": id, "variant": "a", "model": "=cmd()", "cost": "0.25", "checks": {"same": True}}
    answer = table(admin_client, [row], ["same"])
    assert answer["Content-Disposition"] == 'attachment; filename="comparison.csv"'
    head, line = answer.text.splitlines()
    assert head.startswith("record,variant,id,model,") and head.endswith(",same")
    assert line.startswith(f"{id},a,,'=cmd(),") and line.endswith(",true")


@pytest.mark.parametrize(("rows", "checks"), [({}, []), ([1], []), ([], [1]), ([], None)])
def test_what_is_no_row_is_refused(admin_client: Client, rows: Any, checks: Any) -> None:
    assert table(admin_client, rows, checks).status_code == 400
