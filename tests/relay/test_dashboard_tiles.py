from __future__ import annotations

from dataclasses import replace
from typing import Any

from logs_app.statistics.periods import Overview
from relay.dashboard import tiles
from relay.dashboard.tiles import Tile
from tests.logs_app.test_statistics_divisions import overview

CALL: dict[str, Any] = {
    "model": "m", "latency_ms": 100.0, "ttft_ms": 10.0, "prompt_tokens": 3, "completion_tokens": 2,
    "total_tokens": 5, "cost_nanos": 2_000_000_000, "is_streaming": True,
}  # fmt: skip


def of(now: Overview, before: Overview | None = None) -> dict[str, Tile]:
    compared = replace(now, before=before.total) if before else now
    return {tile.id: tile for tile in tiles.of(compared)}


def changes(now: Overview, before: Overview) -> dict[str, tuple[str, str]]:
    return {id: (tile.change.words, tile.change.mood) for id, tile in of(now, before).items() if tile.change}


def test_what_was_is_shown():
    found = of(overview(CALL | {"count": 3}, CALL | {"outcome": "failed"}))
    assert [found[id].value for id in ("requests", "success", "tokens", "cost", "cache")] == [
        "4", "75.0 %", "20", "$8.00", "0",
    ]  # fmt: skip
    assert found["success"].note == "1 failed or refused"
    assert found["tokens"].note == "12 in, 8 out"
    assert found["latency"].value.endswith(" ms") and found["latency"].note.startswith("p95 ")


def test_nothing_is_shown_as_nothing():
    found = of(overview())
    assert [tile.value for tile in found.values()] == ["0", "–", "0", "–", "–", "–", "0"]
    assert not any(tile.note or tile.change for tile in found.values())


def test_changes_are_told_with_whether_they_are_good():
    slower = CALL | {"latency_ms": 800.0, "count": 3}
    found = changes(overview(slower), overview(CALL, CALL | {"outcome": "failed"}))
    assert found["requests"] == ("▲ 50 %", "muted")
    assert found["success"] == ("▲ 50.0 pts", "ok")
    assert found["latency"][1] == "error" and found["latency"][0].startswith("▲")
    assert found["ttft"] == ("unchanged", "muted")


def test_what_was_nothing_before_has_not_changed():
    assert changes(overview(CALL), overview()) == {}


def test_a_multitude_is_no_percentage():
    assert changes(overview(CALL | {"count": 50}), overview(CALL))["requests"] == ("▲ 50 times", "muted")


def test_cache_hits_say_what_they_saved_and_lead_to_their_records():
    hit = {"model": "m", "is_cached": True, "saved_cost_nanos": 2_000_000_000}
    tile = of(overview(CALL, hit))["cache"]
    assert (tile.value, tile.note, tile.query) == ("1", "50.0 %, $2.00 saved", "cached=true")


def test_calls_without_a_price_are_told_of():
    unpriced = CALL | {"cost_nanos": None}
    assert of(overview(CALL, unpriced))["cost"].note == "1 call without a price"
    assert of(overview(unpriced, unpriced))["cost"].value == "–"


def test_what_could_have_no_price_is_not_told_of():
    free = {"model": "", "cost_nanos": None}
    refused = CALL | {"cost_nanos": None, "outcome": "rejected"}
    assert of(overview(CALL, free, refused))["cost"].note == ""
