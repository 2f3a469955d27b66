from __future__ import annotations

import fcntl
import time
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from logs_app.journal.segments import ENTRY, PART, MasterKeys, Writer, carry_name, new_life, segment_name
from logs_app.models import JournalCursor
from relay.health import lag


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.django_db
def test_without_a_journal_nothing_is_unread(journal: Path) -> None:
    assert lag.unread_bytes(journal / "none") == 0


@pytest.mark.django_db
def test_what_lies_behind_the_cursor_counts(journal: Path) -> None:
    life = new_life()
    for number, size in ((1, 500), (2, 300)):
        (journal / segment_name(life, number)).write_bytes(b"x" * size)
    JournalCursor.objects.create(segment=segment_name(life, 1), node="n", position=400)
    assert lag.unread_bytes(journal) == 100 + 300


@pytest.mark.django_db
def test_a_segment_that_nothing_was_written_to_yet_is_not_unread(journal: Path) -> None:
    writer = Writer(journal, segment_name(new_life(), 1), "n", MasterKeys(["a key"]))
    assert writer.offset > 0
    assert lag.unread_bytes(journal) == 0
    writer.append(ENTRY.pack(PART, bytes(16), 5) + b"words")
    assert lag.unread_bytes(journal) == writer.offset - writer.start
    writer.close()


@pytest.mark.django_db
def test_copies_and_other_files_do_not_count(journal: Path) -> None:
    (journal / carry_name(new_life(), 1)).write_bytes(b"x" * 500)
    (journal / "recorder.lock").write_bytes(b"x")
    assert lag.unread_bytes(journal) == 0


def test_a_recorder_that_holds_the_lock_is_not_absent(journal: Path) -> None:
    absence = lag.Absence()
    with (journal / "recorder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert absence.seconds(journal) == 0
        time.sleep(0.02)
        assert absence.seconds(journal) == 0


def test_absence_is_counted_from_when_it_was_first_seen(journal: Path) -> None:
    absence = lag.Absence()
    assert absence.seconds(journal) == 0
    time.sleep(0.02)
    assert absence.seconds(journal) >= 0.02


@pytest.mark.django_db
def test_not_ready_when_the_recorder_is_far_behind(client: Client, settings: Settings, journal: Path) -> None:
    settings.JOURNAL_DIR = journal
    with (journal / segment_name(new_life(), 1)).open("wb") as segment:
        segment.truncate(lag.MOST_UNREAD_BYTES + (2 << 20))
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["The recorder is 66 MB behind the journal."]


@pytest.mark.django_db
def test_not_ready_when_no_recorder_comes_back(
    client: Client, settings: Settings, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOURNAL_DIR = journal
    monkeypatch.setattr(lag, "absence", lag.Absence())
    monkeypatch.setattr(lag, "LONGEST_ABSENCE_SECONDS", 0.0)
    assert client.get("/ready").status_code == 200  # seen for the first time
    response = client.get("/ready")
    assert response.status_code == 503
    assert "No recorder is at work" in response.json()["reasons"][0]
