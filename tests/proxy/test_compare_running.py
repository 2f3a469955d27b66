from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from proxy.compare import running
from proxy.compare.running import Comparison, Variant


async def test_who_reads_slowly_holds_the_calls_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    async def row(id: uuid.UUID, *_others: Any) -> running.Row:
        made.append(id)
        return {"record": id}

    monkeypatch.setattr(running, "_row", row)
    ids = [uuid.uuid4() for _ in range(50)]
    rows = running.rows(Comparison(ids, [Variant("a")], {}, at_once=2))
    first = await anext(rows)
    await asyncio.sleep(0.05)
    assert len(made) < 10
    assert {first["record"], *[row["record"] async for row in rows]} == set(ids)


async def test_a_call_that_cannot_be_made_is_a_row_with_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    async def row(*_given: Any) -> running.Row:
        raise ValueError

    monkeypatch.setattr(running, "_row", row)
    (found,) = [row async for row in running.rows(Comparison([uuid.uuid4()], [Variant("a")], {}))]
    assert set(running.COLUMNS) < set(found)
    assert (found["variant"], found["answer"], found["checks"]) == ("a", None, {})
