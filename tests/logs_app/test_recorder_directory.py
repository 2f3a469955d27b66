from __future__ import annotations

import os

import pytest

from logs_app.journal import segments
from logs_app.recorder.directory import LEFTOVER_SECONDS, UNREADABLE, Directory
from tests.logs_app.journals import OTHER_KEY, masters, new_journal, segment_files, write_exchange


@pytest.fixture
def directory(journal_dir) -> Directory:
    journal_dir.mkdir(exist_ok=True)
    return Directory(journal_dir, masters())


def test_only_segments_are_listed(journal, journal_dir, directory):
    (journal_dir / "recorder.lock").touch()
    assert list(directory.names()) == segment_files(journal_dir)


def test_a_segment_that_is_gone_is_none(directory):
    name = segments.segment_name("0123456789abcdef", 0)
    assert directory.open(name, segments.parse_name(name)) is None


@pytest.mark.parametrize("content", [b"", b"noise" * 100])
def test_what_is_no_segment_is_set_aside_unchanged(journal_dir, directory, content):
    name = segments.segment_name("0123456789abcdef", 0)
    (journal_dir / name).write_bytes(content)
    assert directory.open(name, segments.parse_name(name)) is None
    assert (journal_dir / UNREADABLE / name).read_bytes() == content
    assert (journal_dir / UNREADABLE).stat().st_mode & 0o777 == 0o700


def test_what_is_still_written_is_not_set_aside(journal_dir, directory):
    stranger = new_journal(journal_dir, OTHER_KEY)
    (name,) = segment_files(journal_dir)
    assert directory.open(name, segments.parse_name(name)) is None
    assert segment_files(journal_dir) == [name]
    stranger.close()
    assert directory.open(name, segments.parse_name(name)) is None
    assert segment_files(journal_dir) == []


def test_a_reason_is_told_once(journal_dir, directory, caplog):
    stranger = new_journal(journal_dir, OTHER_KEY)
    (name,) = segment_files(journal_dir)
    for _ in range(3):
        directory.open(name, segments.parse_name(name))
    assert len(caplog.records) == 1
    stranger.close()


def test_a_sound_segment_is_deleted_and_a_damaged_one_kept(journal_dir, directory):
    journal = new_journal(journal_dir, rotate_bytes=1)
    write_exchange(journal)
    journal.close()
    names = segment_files(journal_dir)
    for file_name in names[:2]:
        segment = directory.open(file_name, segments.parse_name(file_name))
        segment.is_damaged = file_name == names[0]
        directory.let_go(segment)
        segment.close()
    assert os.listdir(journal_dir / UNREADABLE) == names[:1]
    assert segment_files(journal_dir) == names[2:]


def test_leftovers_go_and_the_living_keep_theirs(journal, journal_dir, directory):
    young, old, orphan = (journal_dir / name for name in (".a.seg.tmp", ".b.seg.tmp", f".{'c' * 16}.reserve"))
    for path in (young, old, orphan):
        path.touch()
    os.utime(old, (0, old.stat().st_mtime - LEFTOVER_SECONDS - 1))
    directory.sweep()
    assert not old.exists()
    assert not orphan.exists()
    assert young.exists()
    assert len(list(journal_dir.glob(".*.reserve"))) == 1
