from __future__ import annotations

from pathlib import Path

from accounts.budgets.table import Table
from tests.accounts.limited import budgets
from tests.managing import elsewhere

HOLD = """
import sys
from pathlib import Path
from accounts.budgets.table import Table
from tests.accounts.limited import budgets
(budget,) = budgets(streams=9, name="credential:1")
table = Table(Path(sys.argv[1]))
with table as now:
    table.cells.add(table.row(budget, now).slots, int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
"""
(STREAMS,) = budgets(streams=9, name="credential:1")


def count(table: Table, *, living: bool = False) -> int:
    with table as now:
        row = table.row(STREAMS, now)
        assert row is not None
        return table.cells.count_living(row.slots) if living else table.cells.count(row.slots)


def add(table: Table, amount: int) -> None:
    with table as now:
        row = table.row(STREAMS, now)
        assert row is not None
        table.cells.add(row.slots, amount)


def test_processes_count_together(tmp_path: Path) -> None:
    table = Table(tmp_path)
    add(table, 2)
    with elsewhere(HOLD, tmp_path, 3, count=2):
        assert count(table) == 8


def test_what_a_killed_process_held_is_free(tmp_path: Path) -> None:
    table = Table(tmp_path)
    add(table, 1)
    with elsewhere(HOLD, tmp_path, 3) as (process,):
        assert count(table, living=True) == 4
        process.kill()
        assert count(table, living=True) == 1


def test_what_a_living_process_holds_is_not_taken_from_it(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with elsewhere(HOLD, tmp_path, 3, count=2) as (one, _other):
        one.kill()
        assert count(table, living=True) == 3
        assert count(table, living=True) == 3


def test_a_process_that_takes_the_cell_of_a_dead_one_begins_at_nothing(tmp_path: Path) -> None:
    with elsewhere(HOLD, tmp_path, 3) as (process,):
        process.kill()
    table = Table(tmp_path)
    add(table, 1)

    assert count(table) == 1


def test_what_ends_is_not_counted_below_nothing(tmp_path: Path) -> None:
    table = Table(tmp_path)
    add(table, 1)
    add(table, -1)
    add(table, -1)
    add(table, 1)

    assert count(table) == 1


def test_a_row_in_which_a_process_holds_a_stream_is_never_given_away(tmp_path: Path) -> None:
    table = Table(tmp_path)
    add(table, 1)
    with table as now:
        row = table.row(STREAMS, now)
        assert row is not None
        assert not table._is_idle(row.base, now + 3_600_000_000)
        table.cells.add(row.slots, -1)
        assert table._is_idle(row.base, now + 3_600_000_000)


def test_without_a_folder_a_process_counts_its_own(tmp_path: Path) -> None:
    (tmp_path / "limits").write_text("in the way")
    table = Table(tmp_path)
    add(table, 2)

    assert count(table, living=True) == 2
