from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.scratch import Scratch, only_sqlite


@only_sqlite
def test_a_new_sqlite_file_can_give_space_back(scratch: Scratch) -> None:
    with closing(sqlite3.connect(scratch.path)) as connection:
        incremental = connection.execute("PRAGMA auto_vacuum").fetchone()
    assert incremental == (2,)


@only_sqlite
def test_opening_a_connection_does_not_wait_for_a_writer(scratch: Scratch) -> None:
    with closing(scratch.open()) as writer, closing(sqlite3.connect(scratch.path, timeout=0)) as reader:
        writer.execute("BEGIN IMMEDIATE")
        reader.executescript(scratch.settings["OPTIONS"]["init_command"])
        assert reader.execute("SELECT count(*) FROM accounts_credential").fetchone() == (0,)
