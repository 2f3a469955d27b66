from __future__ import annotations

import logging
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.health.breaker import HEALTHY, Phase, State
from proxy.health.table import BYTES, FOLDER, NAME, ROWS, STATE_BYTES, Table
from tests.managing import elsewhere

SICK = replace(HEALTHY, phase=Phase.OPEN, multiplier=0.7, until=12.5, words="502 Bad Gateway", reason="x")
HOLD_A_PERMIT = """
import sys
from pathlib import Path
from proxy.health.table import Table
table = Table(Path(sys.argv[1]))
table.take_permit(7, 1) and print("ready", flush=True)
sys.stdin.readline()
"""
DIE_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from proxy.health.table import Table
table = Table(Path(sys.argv[1]))
def step(state):
    table._words[table._find(7) + 1] = 5
    os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
table.change(7, step)
"""


def put(table: Table, provider_id: int = 7, state: State | None = SICK) -> None:
    table.change(provider_id, lambda _: state)


def states(table: Table) -> dict[int, State]:
    return dict(table.read()[1])


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_all_see_one_state(tmp_path: Path, table: Table) -> None:
    other = Table(tmp_path)
    put(table)
    assert states(other) == {7: SICK}
    assert other.generation == table.generation
    put(other, state=None)
    assert states(table) == {}


def test_without_a_folder_it_is_of_one_process() -> None:
    one, other = Table(), Table()
    put(one)
    assert (states(one), states(other)) == ({7: SICK}, {})


def test_a_change_that_changes_nothing_makes_nobody_read(table: Table) -> None:
    put(table)
    before = table.generation
    put(table)
    assert table.generation == before
    put(table, state=replace(SICK, multiplier=0.5))
    assert table.generation == before + 1


def test_it_outlives_its_processes(tmp_path: Path, table: Table) -> None:
    put(table)
    table.close()
    assert states(Table(tmp_path)) == {7: SICK}


def test_rows_are_used_again_and_a_full_table_forgets_the_rest(table: Table) -> None:
    for provider_id in range(1, ROWS + 2):
        put(table, provider_id)
    assert set(states(table)) == set(range(1, ROWS + 1))
    put(table, 5, None)
    put(table, ROWS + 1)
    assert set(states(table)) == {*range(1, ROWS + 2)} - {5}


def test_a_file_that_cannot_be_leaves_each_process_to_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with caplog.at_level(logging.WARNING):
        table = Table(tmp_path)
    put(table)
    assert states(table) == {7: SICK}
    assert "judges providers for itself" in caplog.text


def test_a_file_of_something_else_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / NAME).write_bytes(b"x" * 100)
    assert states(Table(tmp_path)) == {}
    assert (tmp_path / FOLDER / NAME).stat().st_size == BYTES


def test_too_many_refused_keys_are_forgotten_rather_than_the_state(table: Table) -> None:
    put(table, state=replace(SICK, refused_keys=("0" * 16,) * (STATE_BYTES // 16)))
    assert states(table) == {7: SICK}


def test_permits_are_counted(tmp_path: Path, table: Table) -> None:
    put(table)
    assert [table.take_permit(7, 2) for _ in range(3)] == [True, True, False]
    table.give_back_permit(7)
    assert [Table(tmp_path).take_permit(7, 2), table.take_permit(7, 2)] == [True, False]


def test_a_permit_is_void_when_its_process_is_killed(tmp_path: Path, table: Table) -> None:
    put(table)
    with elsewhere(HOLD_A_PERMIT, tmp_path) as (process,):
        assert not table.take_permit(7, 1)
        process.kill()
        assert table.take_permit(7, 1)


def test_a_process_that_dies_while_it_writes_leaves_the_lock_and_at_most_a_healthy_provider(
    tmp_path: Path, table: Table
) -> None:
    put(table)
    with elsewhere(DIE_WHILE_WRITING, tmp_path) as (process,):
        assert process.wait() == -signal.SIGKILL
    assert states(table) == {}
    put(table)
    assert states(table) == {7: SICK}
