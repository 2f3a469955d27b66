from __future__ import annotations

import asyncio
from typing import Any

from proxy.access.rejections import RECORDED_PER_SECOND, Rejections
from proxy.simulator import Simulator
from tests.proxy.lanes import Lane, key


class Written:
    """What reached the journal: (id, error_code, count)."""

    def __init__(self) -> None:
        self.entries: list[tuple[bytes, str, int]] = []

    def rejected(self, id: bytes, meta: dict[str, Any]) -> None:
        self.entries.append((id, meta["error_code"], meta["count"]))


def refuse(rejections: Rejections, times: int, *, key_id: str = "1", code: str = "token_expired") -> None:
    for number in range(times):
        rejections.add(key_id, b"%d" % number, {"error_code": code})


async def test_ten_in_a_second_are_recorded_one_by_one() -> None:
    written = Written()
    rejections = Rejections(written)  # type: ignore[arg-type]
    refuse(rejections, RECORDED_PER_SECOND)
    assert written.entries == [(b"%d" % number, "token_expired", 1) for number in range(10)]
    rejections.flush()
    assert len(written.entries) == 10


async def test_the_others_become_one_record_with_their_number_when_the_second_is_over() -> None:
    written = Written()
    rejections = Rejections(written)  # type: ignore[arg-type]
    refuse(rejections, 25)
    assert len(written.entries) == 10
    await asyncio.sleep(1.1)
    assert written.entries[10:] == [(b"10", "token_expired", 15)]
    refuse(rejections, 1)
    assert written.entries[11:] == [(b"0", "token_expired", 1)]
    rejections.flush()


async def test_each_key_and_each_reason_has_its_own_count() -> None:
    written = Written()
    rejections = Rejections(written)  # type: ignore[arg-type]
    refuse(rejections, 10)
    refuse(rejections, 10, key_id="2")
    refuse(rejections, 10, code="invalid_json")
    assert len(written.entries) == 30
    rejections.flush()


async def test_a_flush_writes_what_is_held_and_only_once() -> None:
    written = Written()
    rejections = Rejections(written)  # type: ignore[arg-type]
    refuse(rejections, 12)
    rejections.flush()
    rejections.flush()
    assert written.entries[10:] == [(b"10", "token_expired", 2)]


async def test_a_flood_of_a_refused_key_is_counted_whole_also_over_a_shutdown(
    lane: Lane, sim: Simulator
) -> None:
    lane.configuration.current.keys.update(  # type: ignore[attr-defined]
        {digest: key(is_active=False) for digest in lane.configuration.current.keys}
    )
    for _ in range(30):
        assert (await lane.chat()).code == "token_inactive"
    await lane.runtime.aclose()
    rejected = [record.rejected for record in lane.records() if record.rejected]
    assert len(rejected) == 11
    assert sum(meta["count"] for meta in rejected) == 30
    assert sim.requests == []
