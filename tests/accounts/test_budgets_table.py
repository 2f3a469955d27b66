from __future__ import annotations

import logging
from pathlib import Path

import pytest

from accounts.budgets.budget import MINUTE_US, SECOND_US
from accounts.budgets.row import LENGTH, TOTAL, Row
from accounts.budgets.table import BYTES, FOLDER, NAME, ROWS, Table
from tests.accounts.limited import budgets
from tests.managing import elsewhere

TAKE_UP_TO = """
import sys
from pathlib import Path
from accounts.budgets.table import Table
from tests.accounts.limited import budgets
folder, limit = Path(sys.argv[1]), int(sys.argv[2])
(budget,) = budgets(minute=limit, name="credential:1")
table = Table(folder)
print("ready", flush=True)
sys.stdin.readline()
taken = 0
for _ in range(limit):
    with table as now:
        row = table.row(budget, now)
        if row.used(now, budget.window_us) < limit:
            row.add(now, 1, budget.grain_us)
            taken += 1
print(taken, flush=True)
"""
DIE_IN_THE_LOCK = """
import os, signal, sys
from pathlib import Path
from accounts.budgets.row import LENGTH
from accounts.budgets.table import Table
from tests.accounts.limited import budgets
(budget,) = budgets(minute=10, name="credential:1")
table = Table(Path(sys.argv[1]))
print("ready", flush=True)
with table as now:
    row = table.row(budget, now)
    row.add(now, 1, 0)
    row.words[row.base + LENGTH] = 2
    os.kill(os.getpid(), signal.SIGKILL)
"""


def used(table: Table, budget) -> int:
    with table as now:
        row = table.row(budget, now)
        assert row is not None
        return row.used(now, budget.window_us)


def add(table: Table, budget, amount: int = 1) -> None:
    with table as now:
        row = table.row(budget, now)
        assert row is not None
        row.add(now, amount, budget.grain_us)


@pytest.mark.parametrize("limit", [50, 1000])
def test_eight_processes_take_what_there_is_and_no_more(tmp_path: Path, limit: int) -> None:
    with elsewhere(TAKE_UP_TO, tmp_path, limit, count=8) as processes:
        for process in processes:
            process.go_on()
        taken = [int(process.line()) for process in processes]

    assert sum(taken) == limit


def test_counts_outlive_a_process(tmp_path: Path) -> None:
    (budget,) = budgets(minute=10)
    before = Table(tmp_path)
    add(before, budget, 7)
    before.close()

    assert used(Table(tmp_path), budget) == 7


def test_a_process_killed_in_the_middle_of_a_change_spoils_only_that_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (budget,) = budgets(minute=10, name="credential:1")
    (other,) = budgets(minute=10)
    table = Table(tmp_path)
    add(table, other, 3)
    with elsewhere(DIE_IN_THE_LOCK, tmp_path) as (process,):
        process.wait()
        with caplog.at_level(logging.WARNING):
            assert used(table, budget) == 0
            assert used(table, other) == 3

    assert ["credential:1:minute" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("size", [0, 5, 4096, BYTES - 8, BYTES + 4096])
def test_a_file_of_another_size_is_begun_anew(tmp_path: Path, size: int) -> None:
    (budget,) = budgets(minute=10)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / NAME).write_bytes(b"\xff" * size)
    table = Table(tmp_path)
    add(table, budget)

    assert used(table, budget) == 1
    assert (tmp_path / FOLDER / NAME).stat().st_size == BYTES


def test_a_file_of_rubbish_is_begun_anew_row_by_row(tmp_path: Path) -> None:
    (budget,) = budgets(minute=10)
    table = Table(tmp_path)
    add(table, budget, 3)
    table.close()
    path = tmp_path / FOLDER / NAME
    with path.open("r+b") as file:
        file.seek(8)
        file.write(b"\xa5" * (BYTES - 8))
    table = Table(tmp_path)
    add(table, budget)

    assert used(table, budget) == 1


def test_a_new_layout_does_not_disturb_those_who_have_the_file_open(tmp_path: Path) -> None:
    """What begins the file anew keeps its pages: whoever has them mapped goes on counting in them."""
    (budget,) = budgets(minute=10)
    old = Table(tmp_path)
    add(old, budget, 3)
    with (tmp_path / FOLDER / NAME).open("r+b") as file:
        file.write(b"another!")
    new = Table(tmp_path)
    add(new, budget)
    add(old, budget)

    assert used(new, budget) == used(old, budget) == 2


def test_a_row_whose_window_has_passed_serves_another_budget(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with table as now:
        for _ in range(ROWS // 2):
            (budget,) = budgets(second=1)
            assert table.row(budget, now - MINUTE_US - SECOND_US) is not None
    for _ in range(ROWS // 2):
        (budget,) = budgets(second=1)
        add(table, budget)

    assert table.uncounted == 0


def test_a_full_table_lets_through_what_it_cannot_count_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(tmp_path)
    (first,) = budgets(minute=1)  # a second may be over before the table is full
    add(table, first)
    with table as now, caplog.at_level(logging.WARNING):
        rows = [table.row(*budgets(minute=1), now) for _ in range(ROWS + 100)]

    assert rows.count(None) == table.uncounted >= 100
    assert len([record for record in caplog.records if "REDIS_URL" in record.message]) == 1
    assert used(table, first) == 1


def test_a_folder_that_cannot_be_used_leaves_each_process_to_count_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    (budget,) = budgets(minute=10)
    with caplog.at_level(logging.WARNING):
        table = Table(tmp_path)
    add(table, budget)

    assert used(table, budget) == 1
    assert "Each process counts limits for itself" in caplog.text


def test_an_error_inside_the_lock_lets_go_of_it(tmp_path: Path) -> None:
    (budget,) = budgets(minute=10)
    table, other = Table(tmp_path), Table(tmp_path)
    add(table, budget)
    with pytest.raises(ZeroDivisionError), table as now:
        table.row(budget, now)
        raise ZeroDivisionError

    assert used(other, budget) == 1


def test_a_damaged_total_is_noticed_after_a_process_died(tmp_path: Path) -> None:
    (budget,) = budgets(minute=10)
    table = Table(tmp_path)
    add(table, budget)
    with pytest.raises(ZeroDivisionError), table as now:
        row = table.row(budget, now)
        assert isinstance(row, Row)
        row.words[row.base + TOTAL], row.words[row.base + LENGTH] = 9, 1
        raise ZeroDivisionError

    assert used(table, budget) == 0
