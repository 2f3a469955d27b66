from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logs_app.journal import spool as spool_module
from logs_app.journal.journal import Journal
from logs_app.journal.reader import SegmentReader
from logs_app.journal.segments import CLOSED, OPENED, PART
from tests.logs_app.journals import masters, new_id, new_journal, opened_meta, segment_files, write_exchange
from tests.logs_app.test_journal import entries, split
from tests.waiting import until


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The kernel refuses what goes beyond, in the middle of a write if need be; Python ignores SIGXFSZ."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def kinds(directory: Path) -> list[int]:
    return [entry[0] for entry in entries(directory)]


def is_locked(path: Path) -> bool:
    reader = SegmentReader(path, masters())
    try:
        return reader.is_locked
    finally:
        reader.close()


def test_a_full_segment_is_followed_by_the_next(journal_dir):
    journal = new_journal(journal_dir, rotate_bytes=5000)
    for _ in range(20):
        write_exchange(journal)
    journal.close()
    sizes = [(journal_dir / name).stat().st_size for name in segment_files(journal_dir)]
    assert len(sizes) > 3
    assert max(sizes) < 7000
    assert kinds(journal_dir).count(CLOSED) == 20


def test_an_idle_process_finishes_its_segment(journal_dir):
    journal = new_journal(journal_dir, rotate_seconds=0.1, fsync_ms=50)
    write_exchange(journal)
    until(lambda: len(segment_files(journal_dir)) == 2)
    first, second = segment_files(journal_dir)
    until(lambda: not is_locked(journal_dir / first))
    assert is_locked(journal_dir / second)
    journal.close()


def test_an_idle_process_does_not_pile_up_empty_segments(journal_dir):
    journal = new_journal(journal_dir, rotate_seconds=0.05, fsync_ms=20)
    time.sleep(0.4)
    assert len(segment_files(journal_dir)) == 1
    journal.close()


def test_closing_is_prompt_and_lets_the_lock_go(journal_dir):
    journal = new_journal(journal_dir, fsync_ms=1000)
    write_exchange(journal)
    began = time.monotonic()
    journal.close()
    assert time.monotonic() - began < 0.5
    assert not is_locked(journal_dir / segment_files(journal_dir)[0])


def test_a_torn_append_is_taken_back_and_metadata_goes_on(journal_dir):
    journal = new_journal(journal_dir)
    write_exchange(journal)
    with no_file_longer_than(20_000):
        id = write_exchange(journal, bytes(30_000))
    assert journal.is_degraded
    assert journal.dropped_bodies == 1
    found = [entry for entry in entries(journal_dir) if entry[1] == id]
    assert [entry[0] for entry in found] == [OPENED, 2 + 1, CLOSED]
    assert b'"dropped":[0,30000]' in found[-1][3]
    journal.close()


def test_after_a_failed_append_a_new_segment_begins(journal_dir):
    journal = new_journal(journal_dir)
    with no_file_longer_than(20_000):
        write_exchange(journal, bytes(30_000))
    first, second = segment_files(journal_dir)
    reader = SegmentReader(journal_dir / first, masters())
    assert [entry[0] for entry in reader.entries()] == [OPENED, 3]
    assert reader.position == reader.size  # nothing of the torn entry is left
    reader.close()
    journal.close()


def test_while_the_disk_is_full_bodies_are_refused_and_metadata_is_written(journal_dir):
    journal = new_journal(journal_dir)
    with no_file_longer_than(20_000):
        journal.part(new_id(), 1, bytes(30_000))
        id = new_id()
        journal.opened(id, opened_meta(), b"would fit")
        journal.part(id, 1, b"would fit too")
        journal.closed(id, 2, {"outcome": "completed"})
    found = [entry for entry in entries(journal_dir) if entry[1] == id]
    assert [entry[0] for entry in found] == [OPENED, CLOSED]
    assert split(found[0][3])[1] == b""
    assert b'"dropped":[9,13]' in found[1][3]
    journal.close()


def test_metadata_waits_in_memory_while_nothing_at_all_can_be_written(journal_dir):
    journal = new_journal(journal_dir, rotate_bytes=1)  # each append needs a new file
    with no_file_longer_than(0):
        ids = [write_exchange(journal) for _ in range(3)]
        assert kinds(journal_dir) == []
    time.sleep(spool_module.RETRY_SECONDS + 0.1)
    last = write_exchange(journal)
    closed = [entry[1] for entry in entries(journal_dir) if entry[0] == CLOSED]
    assert closed == [*ids, last]
    assert journal.dropped_entries == 0
    journal.close()


def test_what_waits_is_bounded_and_the_rest_is_counted(journal_dir):
    journal = new_journal(journal_dir, rotate_bytes=1)
    with no_file_longer_than(0):
        for _ in range(spool_module.WAITING_BYTES // 1_000_000 + 2):
            journal.closed(new_id(), 1, {"error_message": "x" * 1_000_000})
        assert journal.dropped_entries > 0
    journal.close()


def test_what_waits_is_written_at_the_end(journal_dir):
    journal = new_journal(journal_dir, rotate_bytes=1)
    with no_file_longer_than(0):
        write_exchange(journal)
    journal.close()
    assert kinds(journal_dir) == [OPENED, 3, CLOSED]


def test_the_reserve_is_given_up_for_metadata_and_laid_in_again(journal_dir):
    journal = new_journal(journal_dir, fsync_ms=50)
    (reserve,) = journal_dir.glob(".*.reserve")
    assert reserve.stat().st_blocks * 512 >= spool_module.RESERVE_BYTES
    with no_file_longer_than(20_000):
        journal.part(new_id(), 1, bytes(30_000))
        assert not reserve.exists()
    until(reserve.exists, spool_module.METADATA_ONLY_SECONDS + 5)
    until(lambda: not journal.is_degraded)
    journal.part(new_id(), 1, b"taken again")
    assert kinds(journal_dir)[-1] == PART
    journal.close()


def test_a_retired_segment_keeps_its_lock_until_there_is_a_next(journal_dir):
    journal = new_journal(journal_dir, fsync_ms=20)
    write_exchange(journal)
    with no_file_longer_than(0):
        write_exchange(journal)
        time.sleep(0.2)
        (name,) = segment_files(journal_dir)
        assert is_locked(journal_dir / name)  # else the recorder would think that this process died
    journal.close()


def test_a_journal_starts_on_a_full_disk(journal_dir):
    with no_file_longer_than(0):
        journal = new_journal(journal_dir)
        assert journal.is_degraded
        id = write_exchange(journal)
    journal.close()
    assert {entry[1] for entry in entries(journal_dir)} == {id}


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, where one can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_is_really_full_costs_bodies_not_records(tiny_disk):
    journal: Journal = new_journal(tiny_disk / "journal", fsync_ms=20)
    ids = [write_exchange(journal, os.urandom(100_000)) for _ in range(50)]
    journal.close()
    found = entries(tiny_disk / "journal")
    assert [entry[1] for entry in found if entry[0] == CLOSED] == ids
    assert [entry[1] for entry in found if entry[0] == OPENED] == ids
    assert 5 < [entry[0] for entry in found].count(PART) < 30
    assert journal.dropped_bodies > 20
