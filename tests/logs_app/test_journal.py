from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from logs_app.journal.journal import MAX_PART_BYTES, META_LENGTH, Journal
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART, REJECTED, REQUEST_PART, parse_name
from tests.logs_app.journals import (
    KEY,
    masters,
    new_id,
    new_journal,
    opened_meta,
    segment_files,
    write_exchange,
)

WRITER = """
import sys, time
from pathlib import Path
from tests.logs_app.journals import new_journal, write_exchange
journal = new_journal(Path(sys.argv[1]), rotate_bytes=int(sys.argv[2]))
print("ready", flush=True)
while True:
    print(write_exchange(journal, b"x" * 500).hex(), flush=True)
"""


def entries(directory: Path) -> list[tuple[int, bytes, int, bytes]]:
    from logs_app.journal.reader import SegmentReader

    found = []
    for name in segment_files(directory):
        reader = SegmentReader(directory / name, masters())
        found += [entry[:4] for entry in reader.entries()]
        reader.close()
    return found


def split(payload: bytes) -> tuple[dict, bytes]:
    end = META_LENGTH.size + META_LENGTH.unpack_from(payload)[0]
    return orjson.loads(payload[META_LENGTH.size : end]), payload[end:]


def start_writer(directory: Path, rotate_bytes: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(directory), str(rotate_bytes)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def test_each_step_of_an_exchange_is_on_disk_when_the_call_returns(journal, journal_dir):
    id = new_id()
    journal.opened(id, opened_meta(), b"question")
    assert entries(journal_dir)[-1][:3] == (OPENED, id, 0)
    journal.request_part(id, 5, b"more of it")
    assert entries(journal_dir)[-1] == (REQUEST_PART, id, 5, b"more of it")
    journal.answered(id, 7, {"status": 200})
    assert entries(journal_dir)[-1] == (ANSWERED, id, 7, b'{"status":200}')
    journal.part(id, 8, b"answer")
    assert entries(journal_dir)[-1] == (PART, id, 8, b"answer")
    journal.closed(id, 9, {"outcome": "completed"})
    assert entries(journal_dir)[-1] == (CLOSED, id, 9, b'{"outcome":"completed"}')


def test_opened_carries_meta_and_body(journal, journal_dir):
    journal.opened(new_id(), opened_meta(model="m-9"), b"\x00 any bytes \xff")
    meta, body = split(entries(journal_dir)[0][3])
    assert (meta["model"], body) == ("m-9", b"\x00 any bytes \xff")


def test_a_rejected_call_is_one_entry(journal, journal_dir):
    journal.rejected(new_id(), opened_meta() | {"status": 429, "count": 3})
    ((kind, _, _, payload),) = entries(journal_dir)
    assert kind == REJECTED
    assert orjson.loads(payload)["count"] == 3


def test_large_bodies_are_split_into_parts(journal, journal_dir):
    body = os.urandom(MAX_PART_BYTES * 2 + 5)
    journal.opened(new_id(), opened_meta(), body)
    journal.part(new_id(), 3, body)
    found = entries(journal_dir)
    assert b"".join(e[3] for e in found if e[0] == REQUEST_PART) == body
    assert b"".join(e[3] for e in found if e[0] == PART) == body
    assert max(len(e[3]) for e in found) == MAX_PART_BYTES


@pytest.mark.parametrize("odd", ["\ud800 alone", 2**80, float("nan"), b"bytes"])
def test_odd_metadata_is_written_all_the_same(journal, journal_dir, odd):
    journal.closed(new_id(), 1, {"outcome": "failed", "error_message": odd})
    assert len(entries(journal_dir)) == 1
    assert journal.refused_entries == 0


def test_a_caller_at_fault_is_counted_never_told(journal, journal_dir):
    journal.part(new_id(), -1, b"before the beginning")
    journal.closed("no bytes", 1, {})  # type: ignore[arg-type]
    assert journal.refused_entries == 2
    write_exchange(journal)
    assert CLOSED in [e[0] for e in entries(journal_dir)]


def test_directory_and_files_are_for_their_owner_only(journal, journal_dir):
    assert journal_dir.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in journal_dir.iterdir()} == {0o600}


def test_a_directory_that_cannot_be_used_is_an_error_at_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        new_journal(tmp_path / "file" / "journal")


def test_a_closed_journal_leaves_only_segments(journal_dir):
    journal = new_journal(journal_dir)
    write_exchange(journal)
    journal.close()
    assert os.listdir(journal_dir) == segment_files(journal_dir)


def test_a_killed_writer_loses_nothing_that_it_was_told(journal_dir):
    writer = start_writer(journal_dir, rotate_bytes=1 << 20)
    time.sleep(0.3)
    writer.send_signal(signal.SIGKILL)
    told = writer.communicate()[0].split()
    written = [id.hex() for kind, id, _, _ in entries(journal_dir) if kind == CLOSED]
    assert len(told) > 20
    assert written[: len(told)] == told
    assert len(written) <= len(told) + 1


def test_the_newest_segment_of_a_living_writer_is_always_locked(journal_dir):
    from logs_app.journal.reader import SegmentReader

    writer = start_writer(journal_dir, rotate_bytes=2000)
    give_up_at = time.monotonic() + 1.5
    looked = 0
    while time.monotonic() < give_up_at:
        newest = segment_files(journal_dir)[-1]
        reader = SegmentReader(journal_dir / newest, masters())
        is_locked = reader.is_locked
        reader.close()
        assert is_locked or segment_files(journal_dir)[-1] > newest
        looked += 1
    writer.kill()
    writer.communicate()
    assert looked > 20
    assert len(segment_files(journal_dir)) > 20
    reader = SegmentReader(journal_dir / segment_files(journal_dir)[-1], masters())
    assert not reader.is_locked
    reader.close()


def test_a_forked_child_writes_a_life_of_its_own(journal, journal_dir):
    write_exchange(journal)
    pid = os.fork()
    if not pid:
        write_exchange(journal)
        os._exit(0)
    os.waitpid(pid, 0)
    write_exchange(journal)
    lives = {parse_name(name).life for name in segment_files(journal_dir)}
    assert len(lives) == 2
    assert [e[0] for e in entries(journal_dir)].count(CLOSED) == 3


def test_a_forked_child_does_not_keep_its_parent_alive(journal_dir):
    from logs_app.journal.reader import SegmentReader

    program = """
import os, sys
from pathlib import Path
from tests.logs_app.journals import new_journal, write_exchange
journal = new_journal(Path(sys.argv[1]))
write_exchange(journal)
if os.fork() == 0:
    print("child", flush=True)
    os.close(1)
    sys.stdin.read()
else:
    os._exit(0)
"""
    command = [sys.executable, "-c", program, str(journal_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "child\n"
        parent.wait()
        reader = SegmentReader(journal_dir / segment_files(journal_dir)[0], masters())
        assert not reader.is_locked
        reader.close()
        parent.stdin.close()


def test_several_threads_may_append(journal_dir):
    import threading

    journal = new_journal(journal_dir, rotate_bytes=10_000, rotate_seconds=0.01, fsync_ms=1)
    threads = [
        threading.Thread(target=lambda: [write_exchange(journal) for _ in range(200)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert [e[0] for e in entries(journal_dir)].count(CLOSED) == 800
    assert not journal.is_degraded


def test_the_node_is_in_the_segment(journal, journal_dir):
    from logs_app.journal.reader import SegmentReader

    reader = SegmentReader(journal_dir / segment_files(journal_dir)[0], masters())
    assert reader.node == "node-a"
    reader.close()


def test_all_appended_bytes_are_counted(journal_dir):
    journal = Journal(journal_dir, "n", [KEY], fsync_ms=0)
    before = journal.appended_bytes
    journal.part(new_id(), 1, bytes(1000))
    assert journal.appended_bytes - before == 1025
    journal.close()
