from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from logs_app.journal import segments
from logs_app.journal.reader import SegmentReader
from logs_app.journal.segments import ENTRY, PART, MasterKeys, Unreadable, Writer
from tests.logs_app.journals import KEY, NODE, OLD_KEY, OTHER_KEY, masters

ID = bytes(range(16))
NAME = segments.segment_name("0123456789abcdef", 7)


def write(directory: Path, *payloads: bytes, keys: MasterKeys | None = None) -> Path:
    writer = Writer(directory, NAME, NODE, keys or masters())
    for payload in payloads:
        writer.append(ENTRY.pack(PART, ID, 5) + payload)
    writer.close()
    return directory / NAME


def read(path: Path, keys: MasterKeys | None = None) -> list[bytes]:
    reader = SegmentReader(path, keys or masters())
    try:
        return [payload for _, _, _, payload, _ in reader.entries()]
    finally:
        reader.close()


def test_entries_come_back_as_they_were_written(tmp_path):
    assert read(write(tmp_path, b"one", b"", b"three" * 100_000)) == [b"one", b"", b"three" * 100_000]


def test_nothing_written_lies_on_the_disk_in_clear(tmp_path):
    assert b"a secret sentence" not in write(tmp_path, b"a secret sentence").read_bytes()


def test_two_segments_with_the_same_content_share_no_ciphertext(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (write(tmp_path / name, b"same" * 20).read_bytes() for name in "ab")
    assert first[-40:] != second[-40:]


def test_the_file_is_for_its_owner_only(tmp_path):
    assert write(tmp_path, b"x").stat().st_mode & 0o777 == 0o600


def test_any_of_the_keys_opens_what_an_older_one_wrapped(tmp_path):
    path = write(tmp_path, b"x", keys=masters(OLD_KEY))
    assert read(path, masters(KEY, OLD_KEY)) == [b"x"]


def test_the_newest_key_wraps(tmp_path):
    path = write(tmp_path, b"x", keys=masters(KEY, OLD_KEY))
    assert read(path, masters(KEY)) == [b"x"]


def test_a_key_of_somebody_else_opens_nothing(tmp_path):
    with pytest.raises(Unreadable, match="not among FIELD_ENCRYPTION_KEYS"):
        read(write(tmp_path, b"x"), masters(OTHER_KEY))


def test_keys_must_be_given():
    with pytest.raises(ValueError, match="at least one"):
        MasterKeys([])


@pytest.mark.parametrize("content", [b"", b"LR", b"something else entirely" * 10])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="not a journal segment"):
        read(path)


def test_a_segment_of_a_later_version_is_refused_with_its_version(tmp_path):
    path = write(tmp_path, b"x")
    content = bytearray(path.read_bytes())
    content[7] = 9
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="version 9"):
        read(path)


@pytest.mark.parametrize("position", [10, 20, 40, 60, 80])
def test_a_damaged_header_is_refused(tmp_path, position):
    path = write(tmp_path, b"x")
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        read(path)


def test_names_tell_life_kind_and_number():
    assert segments.parse_name(NAME) == ("0123456789abcdef", False, 7)
    carry = segments.carry_name("0123456789abcdef", 12)
    assert segments.parse_name(carry) == ("0123456789abcdef", True, 12)


@pytest.mark.parametrize(
    "name", ["recorder.lock", f".{NAME}.tmp", "x-00000001.seg", "0123456789abcdef-1.seg"]
)
def test_other_names_are_no_segments(name):
    assert segments.parse_name(name) is None


def test_the_lock_is_held_while_the_writer_lives(tmp_path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    reader = SegmentReader(tmp_path / NAME, masters())
    assert reader.is_locked
    writer.close()
    assert not reader.is_locked
    reader.close()


def test_looking_at_the_lock_does_not_take_it(tmp_path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    reader, other = (SegmentReader(tmp_path / NAME, masters()) for _ in range(2))
    writer.close()
    assert not reader.is_locked
    assert not other.is_locked
    reader.close()
    other.close()


def test_a_program_that_the_writer_starts_does_not_inherit_the_lock(tmp_path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        writer.close()
        reader = SegmentReader(tmp_path / NAME, masters())
        # The kernel lets the parent go on a moment before it closes the child's copies.
        ends_at = time.monotonic() + 2
        while reader.is_locked and time.monotonic() < ends_at:
            time.sleep(0.01)
        assert not reader.is_locked
        reader.close()
        child.communicate(b"\n")


def test_a_name_that_is_taken_is_not_written_over(tmp_path):
    (tmp_path / f".{NAME}.tmp").touch()
    with pytest.raises(FileExistsError):
        Writer(tmp_path, NAME, NODE, masters())


def test_a_truncated_append_leaves_the_entries_before_it(tmp_path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    writer.append(ENTRY.pack(PART, ID, 1) + b"whole")
    os.write(writer.fd, b"torn")
    writer.truncate()
    writer.close()
    assert (tmp_path / NAME).stat().st_size == writer.offset
    assert read(tmp_path / NAME) == [b"whole"]
