from __future__ import annotations

from pathlib import Path

from logs_app.journal import olderkeys, segments
from logs_app.journal.segments import MasterKeys, Writer

OLD, NEW = "old key of the journal", "new key of the journal"


def write(folder: Path, number: int, *keys: str) -> None:
    Writer(folder, segments.segment_name("0123456789abcdef", number), "node", MasterKeys(keys)).close()


def test_segments_under_an_older_key_are_counted(tmp_path: Path) -> None:
    write(tmp_path, 1, OLD)
    write(tmp_path, 2, OLD)
    write(tmp_path, 3, NEW, OLD)
    assert olderkeys.count_segments(tmp_path, [NEW, OLD]) == 2


def test_what_no_key_opens_and_what_is_no_segment_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, 1, "a key that was lost")
    (tmp_path / segments.segment_name("0123456789abcdef", 2)).write_bytes(b"no segment")
    (tmp_path / "notes.txt").write_text("no segment either")
    assert olderkeys.count_segments(tmp_path, [NEW, OLD]) == 0


def test_a_relay_that_never_ran_has_no_journal(tmp_path: Path) -> None:
    assert olderkeys.count_segments(tmp_path / "journal", [NEW]) == 0
