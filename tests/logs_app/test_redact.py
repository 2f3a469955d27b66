"""Rules of later on records of before: dry runs that show without showing, and the change itself."""

from __future__ import annotations

from io import StringIO
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connections, router

from accounts.models import Project
from logs_app.models import LogRecord, LogSettings, RecordTag, RedactionRule, Series
from logs_app.presentation import presentation
from logs_app.redaction import policy, stored
from tests.logs_app.folds import DONE, chunk, sse
from tests.logs_app.journals import SSE_HEADERS
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("joe@example.com", "13812345678", "EMP-12345")


@pytest.fixture(autouse=True)
def fresh_policy() -> None:
    policy.forget()


def question(text: str) -> bytes:
    return orjson.dumps({"model": "m-1", "messages": [{"role": "user", "content": text}], "user": SECRETS[0]})


def spoken(*words: str) -> bytes:
    return sse(*(chunk({"content": word}) for word in words), DONE)


def add(**opened: Any) -> LogRecord:
    headers = [["x-relay-tags", "joe@example.com, plain"], ["x-relay-session", "of 13812345678"]]
    return add_record(
        spoken("Call 138", "1234", "5678, ", "joe@exa", "mple.com or EMP-12345"),
        request=question("I am joe@example.com and 13812345678, EMP-12345"),
        opened_with={"is_streaming": True, "headers": headers, "query": "to=joe%40example.com"} | opened,
        answered_with={"headers": SSE_HEADERS},
    )


def everything(record: LogRecord) -> str:
    record = LogRecord.objects.get(pk=record.pk)
    payload = record.payload
    columns = [value for name, value in vars(record).items() if name[0] != "_"]
    said = [presentation.request_body(payload), presentation.response_body(payload)]
    wire = [presentation.response_raw(payload), presentation.headers(payload.request_headers)]
    shown = [*columns, *said, *wire, list(RecordTag.objects.values_list("tag", flat=True))]
    return " ".join(map(str, shown))


def redact(*arguments: str) -> str:
    out = StringIO()
    call_command("redact", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_old_records_are_redacted_and_stay_readable() -> None:
    LogSettings.objects.create(redact_logs=True)
    record = add()
    assert SECRETS[0] in everything(record)
    assert "1 of 1 records changed." in redact()
    shown = everything(record)
    assert not any(secret in shown for secret in SECRETS[:2])
    record = LogRecord.objects.get(pk=record.pk)
    assert record.request_preview == "I am [EMAIL_1] and [PHONE_1], EMP-12345"
    assert record.response_preview == "Call [PHONE_1], [EMAIL_1] or EMP-12345"
    assert (record.end_user, record.session, record.tags) == (
        "[EMAIL_1]",
        "of [PHONE_1]",
        ["[EMAIL_1]", "plain"],
    )
    assert record.redactions == {"EMAIL": 1, "PHONE": 1} and record.redaction_version == 1


def test_a_second_time_changes_nothing_and_later_rules_go_on_counting() -> None:
    LogSettings.objects.create(redact_logs=True)
    record = add()
    redact()
    assert "0 of 1 records changed." in redact()
    RedactionRule.objects.create(name="staff", label="EMAIL", pattern=r"EMP-\d{5}")
    policy.forget()
    redact()
    assert "[EMAIL_2]" in LogRecord.objects.get(pk=record.pk).request_preview


def test_only_projects_that_are_redacted_are_touched_unless_all_are_named() -> None:
    project = Project.objects.create(name="careful", redact_logs=True)
    of_project, of_none = add(project={"id": str(project.pk), "name": "careful"}), add()
    out = redact()
    assert "1 of 2 records changed.\n1 of them were not looked at" in out and "--all-projects" in out
    assert LogRecord.objects.get(pk=of_project.pk).redaction_version == 1
    assert LogRecord.objects.get(pk=of_none.pk).redaction_version == 0
    assert "1 of 2 records changed." in redact("--all-projects")
    assert LogRecord.objects.get(pk=of_none.pk).redaction_version == 1


def test_a_dry_run_shows_matches_masked_and_changes_nothing() -> None:
    LogSettings.objects.create(redact_logs=True)
    record = add()
    before = everything(record)
    out = redact("--dry-run")
    assert "1 of 1 records would change: 1 EMAIL, 1 PHONE." in out
    assert "j••••" in out and "(15)" in out and "I am [EMAIL_1] and [PHONE_1]" in out
    assert not any(secret in out for secret in SECRETS[:2])
    assert everything(record) == before


def test_a_dry_run_says_what_it_did_not_look_at() -> None:
    """Who looks for an address must not believe that it is nowhere."""
    add()
    assert "0 of 1 records would change: nothing.\n1 of them were not looked at" in redact("--dry-run")
    assert "not looked at" not in redact("--dry-run", "--all-projects")


def test_a_name_that_was_replaced_is_not_offered_by_the_sums_either() -> None:
    LogSettings.objects.create(redact_logs=True)
    name = "missing-joe@example.com"
    for model, project in ((name, ""), (name, "7"), ("m-1", "")):
        Series.objects.create(digest=f"{model} {project}"[-32:], node="n", model=model, project_id=project)
    add(model=name)
    redact()
    found = set(Series.objects.values_list("model", "project_id"))
    assert {pair for pair in found if "[" not in pair[0]} == {("m-1", ""), (name, "7")}


def test_a_rule_is_tried_alone_before_it_is_enabled() -> None:
    RedactionRule.objects.create(name="staff", label="EMPLOYEE", pattern=r"EMP-\d{5}", is_enabled=False)
    add()
    out = redact("--dry-run", "--rule", "staff")
    assert "1 of 1 records would change: 1 EMPLOYEE." in out and "EMP-12345" not in out


def test_a_rule_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="There is no rule named staff."):
        redact("--rule", "staff")


def test_progress_is_told_batch_by_batch() -> None:
    LogSettings.objects.create(redact_logs=True)
    for _ in range(3):
        add()
    using = router.db_for_write(LogRecord)
    steps = list(stored.redact(LogRecord.objects.all(), policy.redactor_for, using, batch=2))
    assert [(step.seen, step.changed) for step in steps] == [(2, 2), (3, 3)]
    assert connections[using].in_atomic_block is False
