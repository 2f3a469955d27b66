from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.logs_app.journals import new_journal, segment_files, write_exchange
from tests.managing import Talking, waiting
from tests.scratch import Scratch
from tests.waiting import until

KEY = Fernet.generate_key().decode()


@pytest.fixture
def run(tmp_path: Path, scratch: Scratch) -> Iterator[Callable[..., Talking]]:
    """`manage.py record` as a process on the scratch database."""
    environ = os.environ | {
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": scratch.url,
        "FIELD_ENCRYPTION_KEYS": KEY,
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }

    with ExitStack() as ends:
        yield lambda *arguments: ends.enter_context(waiting.talk(["record", *arguments], environ))


def count(scratch: Scratch) -> int:
    return scratch.fetch("SELECT count(*) FROM logs_app_logrecord")[0][0]


def test_once_records_what_is_there_and_ends(run, journal_dir, scratch):
    journal = new_journal(journal_dir, KEY)
    for _ in range(3):
        write_exchange(journal)
    process = run("--once")
    output = process.communicate()
    assert process.returncode == 0
    assert "3 exchanges recorded" in output
    assert count(scratch) == 3
    journal.close()


def test_it_goes_on_until_it_is_told_to_stop_and_then_records_the_rest(run, journal_dir, scratch):
    journal = new_journal(journal_dir, KEY)
    process = run()
    write_exchange(journal)
    until(lambda: count(scratch) == 1, 60)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
    for _ in range(500):
        write_exchange(journal)
    journal.close()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0
    assert count(scratch) == 501
    assert segment_files(journal_dir) == []


def test_a_journal_from_elsewhere_is_adopted(run, journal_dir, tmp_path, scratch):
    orphan = tmp_path / "another" / "journal"
    journal = new_journal(orphan, KEY)
    write_exchange(journal)
    write_exchange(journal, is_closed=False)
    journal.close()
    process = run("--journal", str(orphan))
    output = process.communicate()
    assert (process.returncode, count(scratch)) == (0, 2), output
    assert segment_files(orphan) == []
    # No recorder of that node will bring the search index up to them.
    assert scratch.fetch("SELECT seq FROM logs_app_searchcursor WHERE node = 'node-a'") == [(2,)]


def test_what_was_set_aside_is_recorded_once_its_key_is_back(run, journal_dir, scratch):
    shelf = journal_dir / "unreadable"
    journal = new_journal(shelf, KEY)
    write_exchange(journal)
    journal.close()
    process = run("--journal", str(shelf))
    process.communicate()
    assert count(scratch) == 1


def test_a_directory_that_is_not_there_is_an_error_in_words(run, tmp_path):
    process = run("--journal", str(tmp_path / "nowhere"))
    output = process.communicate()
    assert process.returncode == 1
    assert "nowhere is no directory" in output


def test_a_second_recorder_waits_for_the_end_of_the_first(run, journal_dir, scratch):
    journal_dir.mkdir()
    journal = new_journal(journal_dir, KEY)
    write_exchange(journal)
    with (journal_dir / "recorder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = run()
        assert "Another recorder is at work" in process.stdout.readline()
        time.sleep(0.5)
        assert count(scratch) == 0
    until(lambda: count(scratch) == 1, 60)
    journal.close()


def test_a_single_run_does_not_wait_for_another_recorder(run, journal_dir):
    journal_dir.mkdir()
    with (journal_dir / "recorder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = run("--once")
        output = process.communicate()
    assert process.returncode == 1
    assert "Another recorder is at work" in output
