from __future__ import annotations

import os
import shutil
import time

import pytest

from logs_app import payloads
from logs_app.journal import segments
from logs_app.journal.segments import Writer
from logs_app.models import LogPayload, LogRecord, Node
from logs_app.recorder.carry import carry_over
from logs_app.recorder.exchanges import LONGEST_KEPT_BYTES
from tests.logs_app.journals import NODE, masters, new_journal, segment_files, write_exchange
from tests.logs_app.test_journal_spool import no_file_longer_than
from tests.logs_app.test_recorder_lives import meet  # noqa: F401 - a fixture

OCTETS = {"headers": [["content-type", "application/octet-stream"]]}
END = {"outcome": "completed", "latency_us": 9}


@pytest.fixture
def journal(journal_dir):
    """Of small segments, so that the first are soon old."""
    journal = new_journal(journal_dir, rotate_bytes=5000)
    yield journal
    journal.close()


@pytest.fixture
def answers(scratch):
    def answers() -> dict[bytes, bytes]:
        kept = LogPayload.objects.using(scratch.alias)
        return {p.record_id.bytes: payloads.unpack(p.response_body) for p in kept}

    return answers


def begin(journal, *parts: bytes) -> bytes:
    return write_exchange(journal, *parts, is_closed=False, answered=OCTETS)


def fill(journal, exchanges: int = 20) -> None:
    for _ in range(exchanges):
        write_exchange(journal)


def carries(journal_dir) -> list[str]:
    return [name for name in segment_files(journal_dir) if segments.parse_name(name).is_carry]


def test_a_long_exchange_leaves_its_old_segments(journal, journal_dir, new_recorder, answers):
    id = begin(journal, b"early ")
    fill(journal)
    recorder = new_recorder(carry_seconds=0)
    recorder.step()
    assert len(carries(journal_dir)) == 1
    assert len(segment_files(journal_dir)) == 2
    journal.part(id, 8, b"late")
    journal.closed(id, 9, END)
    recorder.step()
    assert answers()[id] == b"early late"
    assert carries(journal_dir) == []


def test_young_segments_are_left_alone(journal, journal_dir, new_recorder):
    begin(journal, b"early")
    fill(journal)
    new_recorder(carry_seconds=60).step()
    assert carries(journal_dir) == []


def test_too_many_pinned_segments_are_not_waited_for(journal, journal_dir, new_recorder):
    for _ in range(12):
        begin(journal, bytes(6000))
    new_recorder(carry_seconds=3600).step()
    assert len(carries(journal_dir)) == 1


def test_what_was_carried_survives_the_recorder(journal, journal_dir, new_recorder, answers):
    ids = [begin(journal, b"%d one " % n) for n in range(3)]
    fill(journal)
    new_recorder(carry_seconds=0).step()
    for id in ids:
        journal.part(id, 8, b"two ")
    fill(journal)
    new_recorder(carry_seconds=0).step()
    assert len(carries(journal_dir)) == 2
    for id in ids:
        journal.part(id, 8, b"three")
        journal.closed(id, 9, END)
    new_recorder(carry_seconds=0).step()
    assert [answers()[id] for id in ids] == [b"%d one two three" % n for n in range(3)]
    assert carries(journal_dir) == []


def test_copies_beside_their_sources_count_once(journal, journal_dir, new_recorder, answers, tmp_path):
    """The recorder died after it carried and before it let the old segments go."""
    id = begin(journal, b"once ")
    fill(journal)
    shutil.copytree(journal_dir, tmp_path / "before")
    new_recorder(carry_seconds=0).step()
    for name in segment_files(tmp_path / "before")[:-1]:
        shutil.copy(tmp_path / "before" / name, journal_dir)
    journal.closed(id, 9, END)
    new_recorder(carry_seconds=0).step()
    assert answers()[id] == b"once "


def test_half_a_carry_segment_beside_its_sources_does_no_harm(
    journal, journal_dir, new_recorder, answers, tmp_path
):
    """The recorder died while it carried."""
    id = begin(journal, b"one ", b"two ", b"three")
    fill(journal)
    shutil.copytree(journal_dir, tmp_path / "before")
    new_recorder(carry_seconds=0).step()
    for name in segment_files(tmp_path / "before")[:-1]:
        shutil.copy(tmp_path / "before" / name, journal_dir)
    (carry,) = carries(journal_dir)
    os.truncate(journal_dir / carry, (journal_dir / carry).stat().st_size * 2 // 3)
    journal.closed(id, 9, END)
    new_recorder(carry_seconds=0).step()
    assert answers()[id] == b"one two three"


def test_a_carry_segment_stays_until_its_last_exchange_is_over(journal, journal_dir, new_recorder, scratch):
    one, two = begin(journal, b"1"), begin(journal, b"2")
    fill(journal)
    recorder = new_recorder(carry_seconds=0)
    recorder.step()
    journal.closed(one, 9, END)
    recorder.step()
    assert len(carries(journal_dir)) == 1
    # A new recorder finds the one that is over in the carry segment, without its end.
    fill(journal)
    journal.closed(two, 9, END)
    new_recorder(carry_seconds=0).step()
    assert carries(journal_dir) == []
    records = LogRecord.objects.using(scratch.alias)
    assert {r.outcome for r in records} == {"completed"}
    assert Node.objects.using(scratch.alias).get().seq == records.count() == 42


def test_a_carried_exchange_of_a_dead_writer_is_interrupted(journal_dir, new_recorder, answers, scratch):
    journal = new_journal(journal_dir, rotate_bytes=5000)
    id = begin(journal, b"half")
    fill(journal)
    recorder = new_recorder(carry_seconds=0)
    recorder.step()
    journal.close()
    recorder.step()
    assert LogRecord.objects.using(scratch.alias).get(pk=id.hex()).outcome == "interrupted"
    assert answers()[id] == b"half"
    assert segment_files(journal_dir) == []


def test_on_a_full_disk_nothing_is_moved(journal, journal_dir, meet):  # noqa: F811
    id = begin(journal, bytes(LONGEST_KEPT_BYTES), b"x" * 4000)
    fill(journal)
    life = meet()
    for exchange in life.finished():
        life.settle(exchange)
    old = life.carriable(time.monotonic(), most=8)
    with no_file_longer_than(0), pytest.raises(OSError, match="too large"):
        carry_over(life, old, journal_dir, masters())
    assert carries(journal_dir) == []
    assert old[0].pins == {id}
    carry_over(life, old, journal_dir, masters())
    assert not any(segment.pins for segment in old)
    assert [payload for _, _, payload in life.open[id].pieces()][-1] == b"x" * 4000


def test_a_recorder_does_not_touch_a_life_whose_carry_segment_is_being_written(
    journal, journal_dir, new_recorder, scratch
):
    fill(journal, 3)
    life = segments.parse_name(segment_files(journal_dir)[0]).life
    rival = Writer(journal_dir, segments.carry_name(life, 1), NODE, masters())
    recorder = new_recorder()
    assert recorder.step() == 0
    assert len(carries(journal_dir)) == 1
    rival.close()
    assert recorder.step() == 3
