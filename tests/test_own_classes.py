"""The classes that docs/writing-….md show, run as they stand."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from logs_app.management.commands import dispatch
from logs_app.models import DeadLetter, LogRecord
from logs_app.sinks import SinkError, Target, open_sink
from tests.logs_app.delivering import Silent
from tests.logs_app.records import many
from tests.logs_app.told import event
from tests.running import ROOT


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts the page's programs, one after the other, into modules of these names."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(page: str, *names: str) -> None:
        text = (ROOT / "docs" / page).read_text()
        programs = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for name, program in zip(names, programs, strict=True):
            (tmp_path / f"{name}.py").write_text(program)

    yield write
    for name in set(sys.modules) - before:
        if name.startswith(("house_", "test_house_")):
            del sys.modules[name]


def test_the_tests_of_the_processors_hold(shown: Callable[..., None]) -> None:
    shown("writing-processors.md", "house_rules", "test_house_rules")
    module = __import__("test_house_rules")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


@pytest.mark.django_db
def test_the_sink_keeps_a_table_of_what_calls_cost(
    shown: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown("writing-sinks.md", "house_sinks")
    monkeypatch.setattr(dispatch, "Pulse", Silent)
    path = tmp_path / "costs.db"
    records = many(2, model="gpt-4o-mini")
    LogRecord.objects.update(cost_nanos=250_000_000)
    (unknown,) = many(1, model="nobody-knows-its-price")
    options = ("--option", f"endpoint={path}", "--option", "team=shop")
    with pytest.raises(CommandError, match="Not all events"):
        call_command(
            "dispatch", "--service", "python", "--endpoint", "house_sinks.CostTable", *options, "--once"
        )
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT id, model, dollars FROM calls ORDER BY id").fetchall()
    assert rows == [(str(record.pk), "gpt-4o-mini", "0.250000000") for record in records]
    letter = DeadLetter.objects.get()
    assert (letter.record_id, letter.reason) == (unknown.pk, "There is no price of nobody-knows-its-price.")


def test_the_sink_says_what_it_needs_and_takes_an_event_twice(
    shown: Callable[..., None], tmp_path: Path
) -> None:
    shown("writing-sinks.md", "house_sinks")
    with pytest.raises(SinkError, match="Name the file"):
        open_sink("python", Target("house_sinks.CostTable"))
    path = str(tmp_path / "costs.db")
    sink = open_sink("python", Target("house_sinks.CostTable", options={"endpoint": path, "team": "shop"}))
    told = event(cost="0.25")
    for _ in range(2):
        assert [each.outcome for each in sink.deliver([told])] == ["delivered"]
    sink.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT team, tokens, dollars FROM calls").fetchall() == [
            ("shop", 13, "0.25")
        ]
