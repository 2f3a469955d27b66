from __future__ import annotations

from pathlib import Path

import pytest

from logs_app.journal import segments
from logs_app.journal.segments import ENTRY, PART, Writer, parse_name
from logs_app.recorder.exchanges import LONGEST_KEPT_BYTES, Exchange, Memory
from logs_app.recorder.lives import Segment
from tests.logs_app.journals import NODE, masters, new_id

NAME = segments.segment_name("0123456789abcdef", 0)


@pytest.fixture
def segment(tmp_path: Path):
    writer = Writer(tmp_path, NAME, NODE, masters())
    id = new_id()
    for number in range(5):
        writer.append(ENTRY.pack(PART, id, number) + b"%d" % number * 100_000)
    segment = Segment(tmp_path / NAME, parse_name(NAME), masters())
    yield segment
    segment.close()
    writer.close()


def collect(segment: Segment, memory: Memory, count: int) -> Exchange:
    exchange = None
    for entry, _ in zip(segment.entries(), range(count), strict=False):
        exchange = exchange or Exchange(entry[1], memory)
        exchange.add(segment, entry, entry[4])
    assert exchange is not None
    return exchange


def pieces(exchange: Exchange) -> list[tuple[int, int, bytes]]:
    return [(kind, offset, payload[:1]) for kind, offset, payload in exchange.pieces()]


def test_a_short_exchange_is_kept_in_memory(segment):
    memory = Memory()
    exchange = collect(segment, memory, 2)
    assert memory.used == 200_000
    assert pieces(exchange) == [(PART, 0, b"0"), (PART, 1, b"1")]


def test_a_long_one_is_read_again_from_its_segment(segment):
    memory = Memory()
    exchange = collect(segment, memory, 5)
    assert LONGEST_KEPT_BYTES < 500_000
    assert memory.used == 0
    assert pieces(exchange) == [(PART, n, b"%d" % n) for n in range(5)]


def test_when_memory_is_short_even_short_ones_are_read_again(segment):
    memory = Memory(150_000)
    exchange = collect(segment, memory, 2)
    assert memory.used == 0
    assert pieces(exchange) == [(PART, 0, b"0"), (PART, 1, b"1")]


@pytest.mark.parametrize("limit", [1 << 20, 0], ids=["in memory", "on disk"])
def test_it_is_read_on_from_where_somebody_stopped(segment, limit):
    exchange = collect(segment, Memory(limit), 2)
    assert [offset for _kind, offset, _payload in exchange.pieces(1)] == [1]
    assert list(exchange.pieces(2)) == []
    assert (exchange.entry_count, exchange.part_count, exchange.part_bytes) == (2, 2, 200_000)


def test_an_entry_that_is_met_again_counts_once(segment):
    exchange = collect(segment, Memory(), 2)
    for entry in list(segment.entries())[:0] or [segment.at(segment.start)]:
        exchange.add(segment, entry, entry[4])
    assert len(pieces(exchange)) == 2


def test_an_entry_that_can_no_longer_be_read_is_an_error(tmp_path, segment):
    exchange = collect(segment, Memory(), 5)
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(LookupError):
        pieces(exchange)
