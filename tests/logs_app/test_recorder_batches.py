from __future__ import annotations

import time
from pathlib import Path

import pytest

from logs_app.assembly import Rows, assemble
from logs_app.journal.segments import PART
from logs_app.recorder import batches
from logs_app.recorder.batches import Batch
from logs_app.recorder.exchanges import Exchange, Memory
from logs_app.recorder.lives import Life
from tests.logs_app.journals import new_id
from tests.logs_app.test_assembly_transcript import answered, closed, opened


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life("0123456789abcdef", tmp_path, Memory())


def rows(answer: bytes = b"") -> Rows:
    return assemble(new_id(), "node-a", [opened(), answered(), (PART, 1, answer), closed()], 100 << 20)


def fill(batch: Batch, life: Life, count: int) -> None:
    for _ in range(count):
        batch.add(life, Exchange(new_id(), Memory()), rows())


def capacity(batch: Batch, life: Life) -> int:
    while not batch.is_full:
        fill(batch, life, 1)
    return len(batch)


def test_it_is_full_at_its_size(life):
    assert capacity(Batch(), life) == batches.FIRST


def test_it_is_full_by_its_bytes(life):
    import os

    batch = Batch()
    batch.add(life, Exchange(new_id(), Memory()), rows(os.urandom(batches.LARGEST_BYTES)))
    assert batch.is_full


def test_it_is_full_when_it_is_old(life):
    batch = Batch()
    fill(batch, life, 1)
    assert not batch.is_full
    time.sleep(batches.OLDEST_SECONDS)
    assert batch.is_full


def test_it_grows_while_transactions_are_short(life):
    batch = Batch()
    capacity(batch, life)
    batch.adapt(0.001, longest=0.02)
    batch.settle()
    assert capacity(batch, life) == batches.FIRST * 5 // 4


def test_it_does_not_grow_while_it_is_not_filled(life):
    batch = Batch()
    fill(batch, life, 3)
    batch.adapt(0.001, longest=0.02)
    batch.settle()
    assert capacity(batch, life) == batches.FIRST


def test_it_shrinks_when_a_transaction_took_too_long_but_not_to_nothing(life):
    batch = Batch()
    for _ in range(50):
        batch.adapt(0.5, longest=0.02)
    assert capacity(batch, life) == batches.SMALLEST


def test_the_exchange_of_rows_is_found(life):
    batch, wanted, exchange = Batch(), rows(), Exchange(new_id(), Memory())
    fill(batch, life, 2)
    batch.add(life, exchange, wanted)
    assert batch.exchange_of(wanted) is exchange
