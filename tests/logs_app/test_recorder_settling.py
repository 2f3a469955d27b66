from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.budgets.ledger import Ledger, Settlement
from accounts.budgets.table import Table
from logs_app.assembly import Rows
from logs_app.recorder.settling import LATEST_SECONDS, Settler, settlement
from tests.accounts.limited import budgets

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RESERVATION = {"budgets": ["token:1:tokens"], "tokens": 500, "local_us": 7, "redis_us": None}


def rows(reservation: Any = RESERVATION, **record: Any) -> Rows:
    usual = {
        "prompt_tokens": None,
        "completion_tokens": None,
        "total_tokens": None,
        "outcome": "completed",
        "fold_error": "",
        "finished_at": NOW,
    }
    return Rows("node", usual | record, {}, [], reservation)


@pytest.mark.parametrize(
    ("record", "used"),
    [
        ({"total_tokens": 120, "prompt_tokens": 100}, 120),
        ({"prompt_tokens": 100, "completion_tokens": 7}, 107),
        ({"prompt_tokens": 100}, 100),
        ({"total_tokens": 30, "outcome": "client_disconnected"}, 30),
        ({}, 0),
        ({"outcome": "failed"}, 0),
    ],
)
def test_what_was_used_is_settled(record: dict[str, Any], used: int) -> None:
    assert settlement(rows(**record), NOW) == Settlement(["token:1:tokens"], 500, used, 7, None)


@pytest.mark.parametrize(
    "record",
    [
        {"outcome": "client_disconnected"},
        {"outcome": "interrupted"},
        {"fold_error": "it was no JSON"},
        {"total_tokens": 1, "finished_at": NOW - timedelta(seconds=LATEST_SECONDS + 1)},
    ],
)
def test_what_is_not_known_or_too_late_leaves_the_estimate(record: dict[str, Any]) -> None:
    assert settlement(rows(**record), NOW) is None


def test_the_time_is_understood_as_sqlite_spells_it() -> None:
    late = str(NOW - timedelta(seconds=LATEST_SECONDS + 1))[:-6]

    assert settlement(rows(finished_at=late), NOW) is None
    assert settlement(rows(finished_at=str(NOW)[:-6]), NOW) is not None


def test_a_batch_is_settled_in_the_table(tmp_path: Path) -> None:
    (own,) = budgets(tokens=1000)
    table = Table(tmp_path)
    with table as now:
        row = table.row(own, now)
        assert row is not None
        row.add(now, 500, own.grain_us)
    reservation = {"budgets": [own.name], "tokens": 500, "local_us": now, "redis_us": None}
    settler = Settler(Ledger(tmp_path, ""))
    settler.settle([rows(None), rows(reservation, total_tokens=120, finished_at=datetime.now(UTC))])
    settler.close()

    with table as now:
        assert row.used(now, own.window_us) == 120


@pytest.mark.parametrize("reservation", [{"budgets": []}, {"tokens": "many"}, [1], "none"])
def test_a_reservation_that_cannot_be_read_stops_nothing(
    reservation: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Settler(Ledger(tmp_path, "")).settle([rows(reservation, finished_at=datetime.now(UTC))])

    assert "Tokens could not be settled" in caplog.text
