from __future__ import annotations

from pathlib import Path

import pytest

from logs_app.journal import segments
from logs_app.journal.reader import CHUNK_BYTES, SegmentReader
from logs_app.journal.segments import ENTRY, LENGTH, PART, Unreadable, Writer
from tests.logs_app.journals import NODE, masters

ID = bytes(range(16))
NAME = segments.segment_name("0123456789abcdef", 0)


@pytest.fixture
def writer(tmp_path: Path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    yield writer
    writer.close()


@pytest.fixture
def reader(tmp_path: Path, writer: Writer):
    reader = SegmentReader(tmp_path / NAME, masters())
    yield reader
    reader.close()


def append(writer: Writer, *payloads: bytes) -> list[int]:
    offsets = []
    for payload in payloads:
        offsets.append(writer.offset)
        writer.append(ENTRY.pack(PART, ID, 9) + payload)
    return offsets


def payloads(reader: SegmentReader, end: int | None = None) -> list[bytes]:
    return [entry[3] for entry in reader.entries(end)]


def test_reading_goes_on_where_it_stopped(writer, reader):
    append(writer, b"1", b"2")
    assert payloads(reader) == [b"1", b"2"]
    append(writer, b"3")
    assert payloads(reader) == [b"3"]
    assert payloads(reader) == []


def test_an_abandoned_reading_loses_nothing(writer, reader):
    append(writer, b"1", b"2", b"3")
    assert next(reader.entries())[3] == b"1"
    assert payloads(reader) == [b"2", b"3"]


def test_an_entry_tells_its_kind_exchange_time_and_place(writer, reader):
    append(writer, b"1")
    (offset,) = append(writer, b"2")
    assert list(reader.entries())[1] == (PART, ID, 9, b"2", offset)


def test_entries_larger_than_a_chunk_are_read_whole(writer, reader):
    large = bytes(CHUNK_BYTES * 2 + 17)
    append(writer, b"before", large, b"after")
    assert payloads(reader) == [b"before", large, b"after"]


def test_a_torn_tail_waits_to_become_whole(tmp_path, writer, reader):
    append(writer, b"1", b"2")
    whole = (tmp_path / NAME).read_bytes()
    for cut in range(1, 40):
        (tmp_path / NAME).write_bytes(whole[:-cut])
        reader.position = reader.start
        assert payloads(reader) == [b"1"]
        (tmp_path / NAME).write_bytes(whole)
        assert payloads(reader) == [b"2"]


def test_reading_stops_at_the_given_end(writer, reader):
    offsets = append(writer, b"1", b"2", b"3")
    assert payloads(reader, offsets[2]) == [b"1", b"2"]
    assert reader.position == offsets[2]


def test_an_entry_is_found_again_by_its_offset(writer, reader):
    offsets = append(writer, b"1", b"2" * 5000, b"3")
    assert [reader.at(offset)[3] for offset in reversed(offsets)] == [b"3", b"2" * 5000, b"1"]


def test_a_damaged_entry_is_counted_and_the_next_ones_are_read(tmp_path, writer, reader):
    offsets = append(writer, b"1", b"2", b"3")
    content = bytearray((tmp_path / NAME).read_bytes())
    content[offsets[1] + LENGTH.size + 3] ^= 1
    (tmp_path / NAME).write_bytes(content)
    assert payloads(reader) == [b"1", b"3"]
    assert reader.damaged_entries == 1
    with pytest.raises(LookupError):
        reader.at(offsets[1])


def test_entries_that_changed_places_do_not_decrypt(tmp_path, writer, reader):
    first, second, end = append(writer, b"same length A", b"same length B", b"end")
    content = (tmp_path / NAME).read_bytes()
    swapped = content[:first] + content[second:end] + content[first:second] + content[end:]
    (tmp_path / NAME).write_bytes(swapped)
    assert payloads(reader) == [b"end"]
    assert reader.damaged_entries == 2


def test_an_entry_cut_out_of_the_middle_shows(tmp_path, writer, reader):
    first, second, _ = append(writer, b"1", b"2", b"3")
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[:first] + content[second:])
    assert payloads(reader) == []
    assert reader.damaged_entries == 2


@pytest.mark.parametrize("length", [0, 7, 0xFFFFFFFF])
def test_an_impossible_length_makes_the_rest_unreadable(tmp_path, writer, reader, length):
    append(writer, b"1")
    with (tmp_path / NAME).open("ab") as file:
        file.write(LENGTH.pack(length) + bytes(100))
    entries = reader.entries()
    assert next(entries)[3] == b"1"
    with pytest.raises(Unreadable, match="damaged at"):
        list(entries)


def test_a_file_that_a_rival_deleted_is_still_read_to_its_end(tmp_path, writer, reader):
    append(writer, b"1")
    (tmp_path / NAME).unlink()
    assert payloads(reader) == [b"1"]
