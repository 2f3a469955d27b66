from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from logs_app.metrics import published
from logs_app.metrics.recording import Meter


def said(directory: Path) -> dict[str, float]:
    return {sample.name: sample.value for sample in dict(published.read(directory))["recorder"]}


def test_it_says_how_many_and_how_late(tmp_path: Path) -> None:
    ago = datetime.now(UTC) - timedelta(seconds=30)
    Meter(tmp_path).attend([{"finished_at": ago}, {"finished_at": ago - timedelta(hours=1)}])
    found = said(tmp_path)
    assert found["llm_proxy_recorded_total"] == 2
    assert 30 <= found["llm_proxy_recording_delay_seconds"] < 300


def test_times_are_understood_as_sqlite_has_them(tmp_path: Path) -> None:
    text = str(datetime.now(UTC) - timedelta(seconds=30))[:-6]
    Meter(tmp_path).attend([{"finished_at": text}])
    assert 30 <= said(tmp_path)["llm_proxy_recording_delay_seconds"] < 300


def test_an_idle_recorder_is_heard_of_until_its_end(tmp_path: Path) -> None:
    meter = Meter(tmp_path)
    meter.attend([])
    assert said(tmp_path)["llm_proxy_recorded_total"] == 0
    meter.close()
    assert dict(published.read(tmp_path)) == {}
