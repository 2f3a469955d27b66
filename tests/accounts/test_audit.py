from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.audit import audit, chain
from accounts.audit.audit import Actor
from accounts.models import AuditEvent, Project

WHO = Actor("user", "alice", "192.0.2.7", "req-1")


@pytest.fixture
def trail(tmp_path: Path, settings: Any) -> Path:
    settings.AUDIT_LOG_FILE = tmp_path / "deep" / "audit.log"
    return settings.AUDIT_LOG_FILE


def tamper(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.django_db(transaction=True)
class TestRecord:
    def test_it_says_who_did_what_to_what_from_where(self, trail: Path) -> None:
        project = Project.objects.create(name="Shop")
        audit.record(WHO, "project.update", project, before={"name": "Old"}, after={"name": "Shop"})
        event = AuditEvent.objects.get()
        assert (event.actor_kind, event.actor_name, event.client_ip) == ("user", "alice", "192.0.2.7")
        assert (event.action, event.target_kind, event.target_id) == (
            "project.update",
            "project",
            str(project.pk),
        )
        assert json.loads(event.before) == {"name": "Old"}
        assert json.loads(event.after) == {"name": "Shop"}

    def test_secrets_are_masked(self, trail: Path) -> None:
        audit.record(WHO, "project.update", ("project", 1, "x"), after={"upstream_key": "sk-very-secret"})
        assert "sk-very-secret" not in AuditEvent.objects.get().after
        assert "sk-very-secret" not in trail.read_text()

    def test_an_event_goes_with_its_change(self, trail: Path) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            audit.record(WHO, "project.create", ("project", 1, "x"))
            raise RuntimeError
        assert not AuditEvent.objects.exists()
        assert not trail.exists()

    def test_hostile_text_is_kept_readable(self, trail: Path) -> None:
        audit.record(Actor("key", "a\x00\ud800" + "b" * 500), "call.refused", ("key", "1", "\x00"))
        assert AuditEvent.objects.get().actor_name.startswith("a�")

    def test_switched_off_nothing_is_written(self, trail: Path, settings: Any) -> None:
        settings.AUDIT_ENABLED = False
        audit.record(WHO, "project.create", ("project", 1, "x"))
        assert not AuditEvent.objects.exists()
        assert not trail.exists()

    def test_the_file_alone_is_enough(self, trail: Path, settings: Any) -> None:
        settings.AUDIT_STORE_IN_DB = False
        audit.record(WHO, "project.create", ("project", 1, "x"))
        assert not AuditEvent.objects.exists()
        assert json.loads(trail.read_text())["action"] == "project.create"

    def test_a_file_that_cannot_be_written_stops_nobody(self, trail: Path, settings: Any) -> None:
        settings.AUDIT_CREATE_DIR = False
        audit.record(WHO, "project.create", ("project", 1, "x"))
        assert AuditEvent.objects.count() == 1

    def test_nothing_changes_an_event(self, trail: Path) -> None:
        audit.record(WHO, "project.create", ("project", 1, "x"))
        event = AuditEvent.objects.get()
        with pytest.raises(TypeError):
            event.save()
        with pytest.raises(TypeError):
            event.delete()


@pytest.mark.django_db(transaction=True)
class TestVerify:
    @pytest.fixture(autouse=True)
    def events(self, trail: Path) -> None:
        for number in range(5):
            audit.record(WHO, "project.create", ("project", number, f"p{number}"), after={"rate": 1.5})

    def test_a_whole_trail_passes(self, capsys: Any) -> None:
        call_command("verify_audit")
        assert capsys.readouterr().out.count(": whole") == 2

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            (
                "UPDATE accounts_auditevent SET target_name = 'other' WHERE seq = 3",
                "event 3 (project.create)",
            ),
            ("DELETE FROM accounts_auditevent WHERE seq = 2", "event 2 is missing"),
            ("DELETE FROM accounts_auditevent WHERE seq > 3", "events 4 to 5 are missing"),
            ("DELETE FROM accounts_auditevent WHERE seq = 1", "event 1 is missing"),
            ("DELETE FROM accounts_audithead", "end of the chain is gone"),
            ("UPDATE accounts_audithead SET seq = 4", "event 5 was added after the end"),
        ],
    )
    def test_an_edit_or_a_deletion_shows(self, capsys: Any, statement: str, words: str) -> None:
        tamper(statement)
        with pytest.raises(CommandError, match="not whole"):
            call_command("verify_audit")
        assert words in capsys.readouterr().err

    def test_an_edit_of_the_file_shows(self, trail: Path, capsys: Any) -> None:
        trail.write_text(trail.read_text().replace('"p2"', '"q2"'))
        with pytest.raises(CommandError):
            call_command("verify_audit")
        assert "event 3" in capsys.readouterr().err

    def test_a_line_that_was_cut_shows_and_stops_no_later_event(self, trail: Path, capsys: Any) -> None:
        trail.write_text(trail.read_text()[:-40])
        audit.record(WHO, "project.create", ("project", 5, "p5"))
        with pytest.raises(CommandError):
            call_command("verify_audit", file=trail)
        assert capsys.readouterr().err == f"{trail}: line 5 is unreadable.\n"

    def test_a_file_put_together_from_two_shows(self, trail: Path, capsys: Any) -> None:
        trail.write_text(trail.read_text() * 2)
        with pytest.raises(CommandError):
            call_command("verify_audit", file=trail)
        assert "event 1 comes after event 5" in capsys.readouterr().err

    def test_a_trail_that_was_written_anew_lacks_the_hash_of_the_old_one(self, trail: Path) -> None:
        known = AuditEvent.objects.get(seq=3).hash
        call_command("verify_audit", contains=known)
        tamper("DELETE FROM accounts_auditevent")
        tamper("DELETE FROM accounts_audithead")
        trail.unlink()
        audit.record(WHO, "project.create", ("project", 0, "p0"))
        call_command("verify_audit")
        with pytest.raises(CommandError, match="not whole"):
            call_command("verify_audit", contains=known)

    def test_a_line_taken_out_of_the_file_shows(self, trail: Path) -> None:
        lines = trail.read_text().splitlines(keepends=True)
        trail.write_text("".join(lines[:1] + lines[2:]))
        with pytest.raises(CommandError):
            call_command("verify_audit", file=trail)


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain(trail: Path) -> None:
    def write() -> None:
        try:
            for number in range(10):
                audit.record(WHO, "token.create", ("token", number, "t"))
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEvent.objects.count() == 40
    assert list(chain.faults()) == []
    call_command("verify_audit")
