from __future__ import annotations

import io
import time

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent, Project
from logs_app.management.commands import prune_logs
from logs_app.models import LogPayload, LogSettings
from tests.logs_app.records import many

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    LogSettings.objects.update_or_create(pk=1, defaults={"payload_days": 0, "metadata_days": None})
    many(2)
    time.sleep(0.01)


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("prune_logs", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_dry_run_only_counts():
    out, err = run("--dry-run")
    assert out == "2 payloads and 0 records would be removed.\n"
    assert err == "What was said is kept 0 days, records for ever.\n"
    assert LogPayload.objects.count() == 2
    assert not AuditEvent.objects.exists()


def test_what_is_over_is_removed_and_the_audit_log_knows():
    assert run()[0].startswith("2 payloads and 0 records removed")
    assert not LogPayload.objects.exists()
    assert AuditEvent.objects.get().action == "record.prune"
    assert run()[0].startswith("0 payloads and 0 records removed")
    assert AuditEvent.objects.count() == 1


def test_it_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(prune_logs, "REPORT_SECONDS", -1.0)
    assert "2 payloads and 0 records so far.\n" in run("--dry-run")[1]


def test_it_says_whose_terms_differ():
    Project.objects.create(name="other", payload_days=3)
    assert "kept 0 days (projects with terms of their own: 1)" in run("--dry-run")[1]


def test_other_days_are_tried_before_they_are_set():
    out, err = run("--dry-run", "--payload-days", "30", "--metadata-days", "0")
    assert out == "0 payloads and 2 records would be removed.\n"
    assert err == "What was said is kept 30 days, records 0 days.\n"
    with pytest.raises(CommandError, match="for a --dry-run only"):
        run("--metadata-days", "0")
    with pytest.raises(CommandError, match="must be a number of days"):
        run("--dry-run", "--metadata-days", "-1")
