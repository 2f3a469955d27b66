from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from logs_app.recorder import binding
from tests.scratch import only_postgresql

INSERT = "INSERT INTO logs_app_node (id, seq) VALUES (%s, %s)"
COPY = "COPY logs_app_node (id, seq) FROM STDIN"


@pytest.fixture
def connection(scratch):
    return connections[scratch.alias]


def test_what_was_written_is_read(connection):
    with transaction.atomic(using=connection.alias), binding.cursor(connection) as cursor:
        cursor.executemany(INSERT, [("a", 1), ("b", 2)])
        assert cursor.rowcount == 2
        cursor.execute("SELECT id, seq FROM logs_app_node WHERE seq > %s ORDER BY id", [0])
        assert cursor.fetchone() == ("a", 1)
        assert cursor.fetchall() == [("b", 2)]


def test_it_is_part_of_djangos_transaction(connection):
    with transaction.atomic(using=connection.alias), binding.cursor(connection) as cursor:
        cursor.execute(INSERT, ["a", 1])
        transaction.set_rollback(True, using=connection.alias)
    with binding.cursor(connection) as cursor:
        cursor.execute("SELECT count(*) FROM logs_app_node")
        assert cursor.fetchone() == (0,)


def test_errors_are_djangos(connection):
    with binding.cursor(connection) as cursor:
        with pytest.raises(IntegrityError), transaction.atomic(using=connection.alias):
            cursor.executemany(INSERT, [("a", 1), ("a", 2)])
        with pytest.raises(DatabaseError, match="nowhere"):
            cursor.execute("SELECT * FROM nowhere")


@only_postgresql
def test_rows_are_copied_all_or_none(connection):
    with binding.cursor(connection) as cursor:
        with transaction.atomic(using=connection.alias):
            cursor.copy(COPY, [("a", 1), ("b\t\n\\", 2)])
            assert cursor.rowcount == 2
        with pytest.raises(IntegrityError), transaction.atomic(using=connection.alias):
            cursor.copy(COPY, [("c", 3), ("a", 4)])
        with pytest.raises(TypeError), transaction.atomic(using=connection.alias):
            cursor.copy(COPY, [("d", 5), 6])
        cursor.execute("SELECT id, seq FROM logs_app_node ORDER BY seq")
        assert cursor.fetchall() == [("a", 1), ("b\t\n\\", 2)]
