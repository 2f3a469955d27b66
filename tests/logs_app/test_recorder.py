from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from logs_app import payloads
from logs_app.models import Attempt, JournalCursor, LogPayload, LogRecord, Node
from logs_app.recorder.exchanges import Memory
from logs_app.recorder.recorder import NOT_FOLDED, Recorder
from logs_app.recorder.suspects import Suspects
from tests.logs_app.journals import (
    ANSWER,
    OTHER_KEY,
    SSE_HEADERS,
    new_id,
    new_journal,
    opened_meta,
    segment_files,
    write_exchange,
)
from tests.scratch import Scratch, only_postgresql, only_sqlite

NewRecorder = Callable[..., Recorder]


@pytest.fixture
def records(scratch: Scratch):
    return LogRecord.objects.using(scratch.alias).order_by("seq")


def payload(scratch: Scratch, record: LogRecord) -> LogPayload:
    return LogPayload.objects.using(scratch.alias).get(pk=record.pk)


def test_an_exchange_becomes_one_record(journal, new_recorder, records, scratch):
    id = write_exchange(journal)
    assert new_recorder().step() == 1
    record = records.get()
    assert record.pk.bytes == id
    assert (record.outcome, record.status_code, record.model) == ("completed", 200, "m-1")
    assert payloads.unpack(payload(scratch, record).response_body) == ANSWER
    assert Attempt.objects.using(scratch.alias).get(record_id=record.pk).provider == "p-1"


def test_nothing_is_recorded_twice(journal, new_recorder, records):
    recorder = new_recorder()
    write_exchange(journal)
    assert recorder.step() == 1
    assert recorder.step() == 0
    assert new_recorder().step() == 0
    assert records.count() == 1


def test_an_open_exchange_waits_for_its_end(journal, new_recorder, records):
    recorder = new_recorder()
    id = write_exchange(journal, b"half ", is_closed=False)
    assert recorder.step() == 0
    journal.part(id, 9, b"and half")
    journal.closed(id, 10, {"outcome": "completed", "latency_us": 10})
    assert recorder.step() == 1
    assert records.get().response_bytes == 13


def test_an_open_exchange_survives_a_new_recorder(journal, new_recorder, records):
    id = write_exchange(journal, b"half ", is_closed=False)
    write_exchange(journal)
    assert new_recorder().step() == 1
    journal.part(id, 9, b"and half")
    journal.closed(id, 10, {"outcome": "completed", "latency_us": 10})
    assert new_recorder().step() == 1
    assert records.get(pk=id.hex()).response_bytes == 13


def test_numbers_follow_the_order_of_recording_on_each_node(journal, new_recorder, records, scratch):
    ids = [write_exchange(journal) for _ in range(5)]
    new_recorder().step()
    assert [record.pk.bytes for record in records] == ids
    assert [record.seq for record in records] == [1, 2, 3, 4, 5]
    assert Node.objects.using(scratch.alias).get(pk="node-a").seq == 5


def test_numbers_go_on_when_the_row_of_the_node_was_lost(journal, new_recorder, records, scratch):
    write_exchange(journal)
    new_recorder().step()
    Node.objects.using(scratch.alias).all().delete()
    write_exchange(journal)
    new_recorder().step()
    assert [record.seq for record in records] == [1, 2]


def test_the_open_exchanges_of_a_dead_writer_are_interrupted(journal_dir, new_recorder, records):
    journal = new_journal(journal_dir)
    id = write_exchange(journal, b'{"half": ', is_closed=False)
    recorder = new_recorder()
    recorder.step()
    journal.close()
    assert recorder.step() == 1
    assert (records.get().pk.bytes, records.get().outcome) == (id, "interrupted")


def test_an_open_exchange_of_a_dead_writer_whose_answer_was_whole_is_completed(
    journal_dir, new_recorder, records
):
    journal = new_journal(journal_dir)
    length = [["content-type", "application/octet-stream"], ["content-length", "9"]]
    write_exchange(journal, b"nine", b"bytes", is_closed=False, answered={"headers": length})
    journal.close()
    new_recorder().step()
    assert records.get().outcome == "completed"


def test_a_dead_life_leaves_no_files_and_no_cursors(journal_dir, new_recorder, scratch):
    journal = new_journal(journal_dir, rotate_bytes=3000)
    for _ in range(20):
        write_exchange(journal)
    write_exchange(journal, is_closed=False)
    journal.close()
    recorder = new_recorder()
    assert recorder.step() == 21
    assert segment_files(journal_dir) == []
    write_exchange(other := new_journal(journal_dir))
    recorder.step()
    assert JournalCursor.objects.using(scratch.alias).count() == 1
    other.close()


def test_consumed_segments_go_while_the_writer_lives(journal_dir, new_recorder):
    journal = new_journal(journal_dir, rotate_bytes=3000)
    for _ in range(20):
        write_exchange(journal)
    new_recorder().step()
    assert len(segment_files(journal_dir)) == 1
    journal.close()


def test_a_segment_stays_while_an_open_exchange_has_entries_in_it(journal_dir, new_recorder, records):
    journal = new_journal(journal_dir, rotate_bytes=3000)
    id = write_exchange(journal, is_closed=False)
    first = segment_files(journal_dir)[0]
    for _ in range(20):
        write_exchange(journal)
    recorder = new_recorder()
    recorder.step()
    assert [first, journal_dir.joinpath(segment_files(journal_dir)[-1]).name] == segment_files(journal_dir)
    journal.closed(id, 9, {"outcome": "completed", "latency_us": 9})
    recorder.step()
    assert len(segment_files(journal_dir)) == 1
    assert records.get(pk=id.hex()).request_bytes > 0
    journal.close()


def test_a_torn_tail_costs_only_the_entry_that_was_never_whole(journal_dir, new_recorder, records):
    journal = new_journal(journal_dir)
    whole = write_exchange(journal)
    torn = write_exchange(journal, b"x" * 500)
    journal.close()
    path = journal_dir / segment_files(journal_dir)[0]
    os.truncate(path, path.stat().st_size - 3)  # in the last closed
    new_recorder().step()
    assert records.get(pk=whole.hex()).outcome == "completed"
    assert records.get(pk=torn.hex()).outcome == "interrupted"
    assert segment_files(journal_dir) == []


def test_a_damaged_segment_gives_what_can_be_read_and_is_set_aside(journal_dir, new_recorder, records):
    journal = new_journal(journal_dir)
    ids = [write_exchange(journal, b"x" * 2000) for _ in range(10)]
    journal.close()
    path = journal_dir / segment_files(journal_dir)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    new_recorder().step()
    assert {record.pk.bytes for record in records} == set(ids)
    assert (journal_dir / "unreadable" / path.name).read_bytes() == bytes(content)
    assert segment_files(journal_dir) == []


def test_a_segment_of_which_the_rest_is_noise_is_set_aside(journal_dir, new_recorder, records):
    journal = new_journal(journal_dir)
    write_exchange(journal)
    journal.close()
    path = journal_dir / segment_files(journal_dir)[0]
    with path.open("ab") as file:
        file.write(b"\xff" * 1000)
    new_recorder().step()
    assert records.count() == 1
    assert os.listdir(journal_dir / "unreadable") == [path.name]


def test_a_segment_that_no_key_opens_is_set_aside_and_stops_nobody(journal_dir, new_recorder, records):
    stranger = new_journal(journal_dir, OTHER_KEY)
    write_exchange(stranger)
    stranger.close()
    journal = new_journal(journal_dir)
    id = write_exchange(journal)
    recorder = new_recorder()
    recorder.step()
    assert records.get().pk.bytes == id
    assert len(os.listdir(journal_dir / "unreadable")) == 1
    journal.close()


def test_a_segment_that_no_key_opens_stays_while_it_is_written(journal_dir, new_recorder):
    stranger = new_journal(journal_dir, OTHER_KEY)
    new_recorder().step()
    assert len(segment_files(journal_dir)) == 1
    stranger.close()


def test_a_writer_of_another_node_keeps_its_name_and_numbers(journal_dir, new_recorder, records):
    from logs_app.journal.journal import Journal

    here, there = new_journal(journal_dir), Journal(journal_dir, "node-b", ["key-one"], fsync_ms=0)
    for journal in (here, there, here, there):
        write_exchange(journal)
        new_recorder().step()
    assert sorted(records.values_list("node", "seq")) == [
        ("node-a", 1),
        ("node-a", 2),
        ("node-b", 1),
        ("node-b", 2),
    ]
    here.close()
    there.close()


def test_a_long_exchange_is_read_again_when_it_is_over(journal, new_recorder, records, scratch):
    parts = [os.urandom(100_000) for _ in range(8)]
    write_exchange(journal, *parts, answered={"headers": [["content-type", "application/octet-stream"]]})
    new_recorder().step()
    assert payloads.unpack(payload(scratch, records.get()).response_body) == b"".join(parts)


def test_many_long_exchanges_stay_within_the_recorders_memory(journal, new_recorder, records):
    memory = Memory(500_000)
    recorder = new_recorder(memory=memory)
    ids = [write_exchange(journal, os.urandom(200_000), is_closed=False) for _ in range(10)]
    recorder.step()
    assert memory.used <= 500_000
    for id in ids:
        journal.closed(id, 9, {"outcome": "completed", "latency_us": 9})
    assert recorder.step() == 10
    assert set(records.values_list("response_bytes", flat=True)) == {200_000}
    assert memory.used == 0


def test_nul_and_lone_surrogates_are_no_reason_to_lose_a_record(journal, new_recorder, records, scratch):
    body = (
        b'{"model": "m", "messages": [{"role": "user", "content": "a\\u0000b \\ud800 c"}], "user": "\\u0000"}'
    )
    odd = {
        "headers": [["x-relay-session", "a\0b"], ["x-relay-tags", "\0,\ud800"]],
        "model": "\ud800\0",
        "path": "/\0",
    }
    write_exchange(
        journal, body, body=body, opened=odd,
        closed={"error_message": "\0\ud800", "edits": [{"kind": "x\0", "model": "\ud800"}]},
    )  # fmt: skip
    assert new_recorder().step() == 1
    record = records.get()
    assert record.fold_error == ""
    assert record.request_preview.endswith("c")
    assert record.tags == ["\ufffd", "\ufffd"]
    assert payloads.unpack(payload(scratch, record).request_body) == body


def test_figures_beyond_all_columns_are_no_reason_to_lose_a_record(journal, new_recorder, records):
    usage = {"prompt_tokens": 10**30, "completion_tokens": -5, "total_tokens": 2**31 + 1}
    answer = (
        orjson.dumps({"choices": []})[:-1] + b', "usage": ' + str(usage).replace("'", '"').encode() + b"}"
    )
    write_exchange(
        journal, answer, opened={"model": "m" * 5000, "query": "q" * 5000}, answered={"status": 99999}
    )
    assert new_recorder().step() == 1
    assert records.get().fold_error == ""


def refuse_records(scratch: Scratch, of: str) -> None:
    """The database itself refuses records of that model, as it would refuse content that it cannot store."""
    if scratch.vendor == "sqlite":
        scratch.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON logs_app_logrecord "
            f"WHEN NEW.model = '{of}' AND NEW.fold_error = '' BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        )
    else:
        scratch.execute(
            "ALTER TABLE logs_app_logrecord ADD CONSTRAINT poison "
            f"CHECK (model <> '{of}' OR fold_error <> '')"
        )


def test_a_record_that_the_database_refuses_is_stored_unfolded_and_the_others_as_ever(
    journal, new_recorder, records, scratch
):
    refuse_records(scratch, of="poison")
    ids = [
        write_exchange(journal, opened={"model": "poison" if number in (3, 17) else "m-1"})
        for number in range(20)
    ]
    assert new_recorder().step() == 20
    assert [record.pk.bytes for record in records] == ids
    poisoned = records.get(pk=ids[3].hex())
    assert "The database refused the record" in poisoned.fold_error
    assert payloads.unpack(payload(scratch, poisoned).response_body) == ANSWER
    assert [record.seq for record in records] == list(range(1, 21))


def test_an_answer_that_cannot_be_taken_apart_is_kept_with_the_reason(
    journal, new_recorder, records, scratch
):
    """`opened` metadata of a wrong shape is what no caller sends: everything that reads it fails."""
    write_exchange(journal, opened={"headers": 7})
    id = write_exchange(journal)
    assert new_recorder().step() == 2
    assert records.get(pk=id.hex()).fold_error == ""
    assert "TypeError" in records.exclude(pk=id.hex()).get().fold_error


def test_an_exchange_that_killed_the_recorder_twice_is_not_folded_again(
    journal, journal_dir, new_recorder, records, scratch
):
    deadly, harmless = write_exchange(journal), write_exchange(journal)
    for _ in range(2):
        suspects = Suspects(journal_dir / "recorder.suspects")
        suspects.enter(deadly)  # and dies
        suspects.close()
    new_recorder().step()
    assert records.get(pk=deadly.hex()).fold_error == NOT_FOLDED
    assert payloads.unpack(payload(scratch, records.get(pk=deadly.hex())).response_body) == ANSWER
    assert records.get(pk=harmless.hex()).fold_error == ""


def test_an_exchange_without_its_beginning_is_recorded_with_what_there_is(journal, new_recorder, records):
    id = new_id()
    journal.part(id, 5, b"only this")
    journal.closed(id, 9, {"outcome": "completed", "latency_us": 9})
    assert new_recorder().step() == 1
    record = records.get()
    assert "beginning" in record.fold_error
    assert abs(record.created_at.timestamp() - time.time()) < 60


def test_a_rejected_call_is_recorded_without_a_body(journal, new_recorder, records):
    journal.rejected(
        new_id(), opened_meta() | {"status": 400, "error_code": "bad", "error_message": "No.", "count": 12}
    )
    new_recorder().step()
    record = records.get()
    assert (record.outcome, record.status_code, record.error_code, record.repeats) == (
        "rejected",
        400,
        "bad",
        12,
    )
    assert record.latency_ms == 0


def test_a_stream_is_folded_and_its_first_token_timed(journal, new_recorder, records, scratch):
    chunk = b'data: {"object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":%s}]}\n\n'
    parts = [
        chunk % b'{"role":"assistant","content":""}',
        chunk % b'{"content":"Hel"}',
        chunk % b'{"content":"lo"},"finish_reason":"stop"',
        b"data: [DONE]\n\n",
    ]
    write_exchange(journal, *parts, opened={"is_streaming": True}, answered={"headers": SSE_HEADERS})
    new_recorder().step()
    record, kept = records.get(), payload(scratch, records.get())
    assert record.ttft_ms == 3.0
    assert record.is_streaming
    assert record.response_preview == "Hello"
    assert orjson.loads(payloads.unpack(kept.response_body))["choices"][0]["message"]["content"] == "Hello"
    assert payloads.unpack(kept.response_raw) == b"".join(parts)
    assert [size for _, size in payloads.unpack_timings(kept.timings)] == [len(part) for part in parts]


def test_a_backlog_is_reported_on_the_way(journal, new_recorder):
    for _ in range(15):
        write_exchange(journal, os.urandom(1 << 20))
    told: list[str] = []
    new_recorder(report=told.append, report_seconds=0).step()
    assert "recorded, 1" in told[0]
    assert "MB of the journal to go" in told[0]


def test_full_batches_are_committed_on_the_way(journal, new_recorder, records):
    recorder = new_recorder()
    for _ in range(300):
        write_exchange(journal)
    assert recorder.step() == 300
    assert records.count() == 300


@only_sqlite
def test_a_locked_database_delays_records_and_loses_none(journal, new_recorder, records, scratch):
    """Somebody else writes for seconds; the recorder gives up its wait, and comes back."""
    scratch.settings["OPTIONS"]["timeout"] = 0.1
    write_exchange(journal)
    stop = threading.Event()
    recorder = new_recorder()
    lock = sqlite3.connect(scratch.path, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    unlock_later = threading.Timer(1.0, lambda: (lock.rollback(), stop.set()))
    unlock_later.start()
    began = time.monotonic()
    recorder.run(stop)
    lock.close()
    assert time.monotonic() - began >= 1.0
    assert records.count() == 1


@only_postgresql
def test_a_broken_connection_delays_records_and_loses_none(journal, new_recorder, records, scratch):
    from logs_app.recorder.store import Unavailable

    recorder = new_recorder()
    write_exchange(journal)
    recorder.step()
    write_exchange(journal)
    scratch.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(Unavailable):
        recorder.step()
    assert recorder.step() == 1
    assert records.count() == 2


def test_a_missing_table_is_no_fault_of_a_record(journal, new_recorder, records, scratch):
    """Not migrated yet: the recorder waits, and does not spoil one record after the other."""
    from logs_app.recorder.store import Unavailable

    scratch.execute("ALTER TABLE logs_app_attempt RENAME TO logs_app_elsewhere")
    recorder = new_recorder()
    write_exchange(journal)
    with pytest.raises(Unavailable):
        recorder.step()
    scratch.execute("ALTER TABLE logs_app_elsewhere RENAME TO logs_app_attempt")
    assert recorder.step() == 1
    assert records.get().fold_error == ""


def test_of_two_recorders_the_slower_one_starts_over(journal, new_recorder, records, scratch):
    first, second = new_recorder(), new_recorder()
    open_id = write_exchange(journal, b"half", is_closed=False)
    first.step()
    second.step()
    for recorder in (first, second, second, first, second):
        write_exchange(journal)
        recorder.step()
    journal.closed(open_id, 9, {"outcome": "completed", "latency_us": 9})
    for _ in range(2):
        first.step()
        second.step()
    assert records.count() == 6
    assert Node.objects.using(scratch.alias).get().seq == 6


def test_stopping_records_what_is_there(journal, new_recorder, records):
    for _ in range(30):
        write_exchange(journal)
    stop = threading.Event()
    stop.set()
    new_recorder().run(stop)
    assert records.count() == 30


def test_stopping_does_not_wait_for_writers_that_go_on(journal, new_recorder, records):
    """A recorder that is replaced under load: for each record that it makes another exchange ends."""
    write_exchange(journal)
    stop = threading.Event()
    stop.set()
    new_recorder(settle=lambda batch: batch and write_exchange(journal), last_try_seconds=0.2).run(stop)
    assert records.count() >= 1


def test_records_are_there_within_a_second(journal, new_recorder, records, scratch):
    recorder, stop = new_recorder(), threading.Event()

    def write() -> None:
        time.sleep(0.3)
        write_exchange(journal)
        deadline = time.monotonic() + 1
        while not scratch.fetch("SELECT 1 FROM logs_app_logrecord") and time.monotonic() < deadline:
            time.sleep(0.02)
        seen.append(scratch.fetch("SELECT count(*) FROM logs_app_logrecord")[0][0])
        stop.set()

    seen: list[int] = []
    writer = threading.Thread(target=write)
    writer.start()
    recorder.run(stop)
    writer.join()
    assert seen == [1]


def test_cursors_of_deleted_segments_are_cleared_at_the_start(journal, new_recorder, scratch):
    cursors = JournalCursor.objects.using(scratch.alias)
    for segment, node in (("gone.seg", "node-a"), ("theirs.seg", "node-b")):
        cursors.create(segment=segment, node=node, position=5)
    write_exchange(journal)
    new_recorder(node="node-a").step()
    assert set(cursors.values_list("segment", "node")) == {
        ("theirs.seg", "node-b"),
        (segment_files(journal._spool._directory)[0], "node-a"),
    }


def test_leftovers_of_killed_processes_are_swept(journal, journal_dir: Path, new_recorder):
    young, old = (
        journal_dir / ".aaaaaaaaaaaaaaaa-00000000.seg.tmp",
        journal_dir / ".bbbbbbbbbbbbbbbb-00000000.seg.tmp",
    )
    orphan = journal_dir / ".cccccccccccccccc.reserve"
    for path in (young, old, orphan):
        path.touch()
    os.utime(old, (1, 1))
    (own,) = (path for path in journal_dir.glob(".*.reserve") if path != orphan)
    new_recorder().step()
    assert [path.exists() for path in (young, old, orphan, own)] == [True, False, False, True]
