from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from logs_app.assembly import Rows, assemble
from logs_app.models import JournalCursor, LogRecord, Node
from logs_app.recorder.lives import Move
from logs_app.recorder.store import Overtaken, Store, Unavailable
from tests.logs_app.journals import new_id
from tests.scratch import only_sqlite


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register("node-a")
    return store


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    path = tmp_path / "0123456789abcdef-00000000.seg"
    path.touch()
    return path


def rows(node: str = "node-a") -> Rows:
    return assemble(new_id(), node, (), 100)


def no_spare(rows, error):
    raise AssertionError(error)


def write(store: Store, batch: list[Rows], *moves: Move) -> None:
    store.write(batch, moves, [], no_spare)


def count(store: Store) -> int:
    return LogRecord.objects.using(store.alias).count()


def test_rows_numbers_and_cursors_are_written_together(store, segment):
    write(store, [rows(), rows()], Move(segment, "node-a", None, (100, 0)))
    assert count(store) == 2
    assert Node.objects.using(store.alias).get().seq == 2
    assert store.cursors([segment.name]) == {segment.name: (100, 0)}


def test_a_cursor_that_is_elsewhere_undoes_everything(store, segment):
    write(store, [rows()], Move(segment, "node-a", None, (100, 0)))
    for old in (None, (99, 0), (100, 1)):
        with pytest.raises(Overtaken):
            write(store, [rows()], Move(segment, "node-a", old, (200, 0)))
    assert count(store) == 1
    assert Node.objects.using(store.alias).get().seq == 1
    assert store.cursors([segment.name]) == {segment.name: (100, 0)}


def test_a_cursor_without_its_segment_undoes_everything(store, segment):
    """A rival was done with it: it deletes the file first and the cursor afterwards."""
    segment.unlink()
    with pytest.raises(Overtaken):
        write(store, [rows()], Move(segment, "node-a", None, (100, 0)))
    assert count(store) == 0


def test_the_same_record_again_changes_nothing(store):
    same = rows()
    write(store, [same])
    write(store, [same])
    assert count(store) == 1


def test_a_record_that_is_there_keeps_no_other_of_its_batch_out(store):
    same, new = rows(), rows()
    write(store, [same])
    stored = LogRecord.objects.using(store.alias).values_list("seq", flat=True)
    write(store, [same, new])
    assert count(store) == 2
    assert stored.get(pk=new.record["id"]) == 3  # numbers only grow; there may be gaps


def test_each_node_has_its_own_numbers(store):
    store.register("node-b")
    write(store, [rows(), rows("node-b"), rows()])
    numbers = LogRecord.objects.using(store.alias).values_list("node", "seq")
    assert sorted(numbers) == [("node-a", 1), ("node-a", 2), ("node-b", 1)]


def test_an_unregistered_node_is_no_fault_of_its_records(store):
    with pytest.raises(Unavailable, match="not registered"):
        write(store, [rows("node-x")])
    assert count(store) == 0


def test_registering_again_changes_nothing(store):
    write(store, [rows()])
    store.register("node-a")
    assert Node.objects.using(store.alias).get().seq == 1


def test_recorded_ids_are_found_among_many(store):
    batch = [rows() for _ in range(3)]
    write(store, batch)
    known = {bytes.fromhex(made.record["id"]) for made in batch}
    assert store.recorded([*known, *(new_id() for _ in range(1200))]) == known


def test_a_record_that_is_refused_alone_is_replaced(store):
    bad, good = rows(), rows()
    bad.record["model"] = None
    spare = rows()
    store.write([good, bad], [], [], lambda refused, error: iter([spare]))
    kept = {pk.hex for pk in LogRecord.objects.using(store.alias).values_list("pk", flat=True)}
    assert kept == {good.record["id"], spare.record["id"]}
    assert [good.record["seq"], spare.record["seq"]] == [1, 2]


def test_the_next_spare_is_tried_when_the_first_is_refused_too(store):
    bad, worse, bare = rows(), rows(), rows()
    bad.record["model"] = worse.record["path"] = None
    store.write([bad], [], [], lambda refused, error: iter([worse, bare]))
    assert LogRecord.objects.using(store.alias).get().pk.hex == bare.record["id"]


def test_without_any_spare_that_fits_nothing_is_written(store, segment):
    bad = rows()
    bad.record["model"] = None
    with pytest.raises(Unavailable, match="not even a bare record"):
        store.write(
            [rows(), bad], [Move(segment, "node-a", None, (9, 0))], [], lambda refused, error: iter(())
        )
    assert count(store) == 0
    assert store.cursors([segment.name]) == {}


def test_forgotten_cursors_are_deleted(store, segment):
    write(store, [rows()], Move(segment, "node-a", None, (100, 0)))
    store.write([rows()], [], [segment.name], no_spare)
    assert not JournalCursor.objects.using(store.alias).exists()


def test_presence_is_asked_after_the_cursors_are_known(store, segment):
    """The other way round, the cursor of a segment that was begun in between would be lost."""
    write(store, [rows()], Move(segment, "node-a", None, (100, 0)))
    younger = segment.with_name("0123456789abcdef-00000001.seg")

    def present() -> list[str]:
        younger.touch()
        write(store, [rows()], Move(younger, "node-a", None, (7, 0)))
        return []

    store.clear_cursors("node-a", present)
    assert store.cursors([segment.name, younger.name]) == {younger.name: (7, 0)}


def test_times_come_back_as_they_were(store):
    made = rows()
    created_at = made.record["created_at"]
    write(store, [made])
    assert LogRecord.objects.using(store.alias).get().created_at == created_at


@only_sqlite
def test_settling_brings_commits_into_the_database_file_before_their_source_goes(store, scratch, tmp_path):
    """A copy of the main file alone is what a power loss may leave."""
    made = rows()
    write(store, [made])
    store.settle()
    shutil.copy(scratch.path, tmp_path / "after.db")
    with closing(sqlite3.connect(tmp_path / "after.db")) as connection:
        assert connection.execute("SELECT id FROM logs_app_logrecord").fetchall() == [(made.record["id"],)]
