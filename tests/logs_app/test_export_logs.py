from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from logs_app.management.commands import export_logs
from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db


def test_the_records_go_to_standard_output_and_the_words_elsewhere(capsysbinary):
    many(2)
    words = io.StringIO()
    call_command("export_logs", stderr=words)
    written = capsysbinary.readouterr().out
    assert len([json.loads(line) for line in written.splitlines()]) == 2
    assert words.getvalue() == "2 records exported.\n"


def test_filters_of_the_api_are_options(capsysbinary):
    many(2)
    record = add_record()
    call_command("export_logs", "--request-id", str(record.pk), "--format", "csv", stderr=io.StringIO())
    written = capsysbinary.readouterr().out
    assert written.count(b"\r\n") == 2
    assert str(record.pk).encode() in written


def test_a_file_is_new_and_of_its_owner_alone(tmp_path: Path):
    add_record()
    file = tmp_path / "records.jsonl"
    call_command("export_logs", "--output", str(file), stderr=io.StringIO())
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_logs", "--output", str(file))


def test_what_a_format_cannot_say_is_said(capsysbinary):
    add_record(request=b"no json")
    words = io.StringIO()
    call_command("export_logs", "--format", "openai-batch", stderr=words)
    assert words.getvalue() == "0 records exported, 1 cannot be said as openai-batch.\n"


def test_a_filter_that_makes_no_sense_is_refused_in_words(capsysbinary):
    with pytest.raises(CommandError, match="--request-id: "):
        call_command("export_logs", "--request-id", "\0")


def test_progress_is_reported_while_it_lasts(capsysbinary, monkeypatch):
    monkeypatch.setattr(export_logs, "REPORT_SECONDS", -1.0)
    many(2)
    words = io.StringIO()
    call_command("export_logs", stderr=words)
    assert "2 records so far\n" in words.getvalue()


def test_the_audit_log_names_the_command(capsysbinary):
    call_command("export_logs", stderr=io.StringIO())
    event = AuditEvent.objects.get(action="record.export")
    assert (event.actor_kind, event.actor_name.split()[0]) == ("command", "export_logs")
