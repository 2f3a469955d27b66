from __future__ import annotations

import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from logs_app.dispatching import fleet, plan
from logs_app.dispatching.fleet import Fleet
from logs_app.dispatching.plan import Plan
from logs_app.models import Dispatcher, Subscriber
from logs_app.sinks import Target
from tests.logs_app.delivering import Silent
from tests.waiting import until

pytestmark = pytest.mark.django_db


class Crew:
    def __init__(self, plan: Plan, pulse: Any) -> None:
        self.plan, self.stop = plan, threading.Event()
        self.thread = threading.Thread(target=self.stop.wait, daemon=True)
        self.thread.start()


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setattr(fleet, "Pulse", Silent)
    monkeypatch.setattr(fleet, "Crew", Crew)
    found = Fleet()
    yield found
    found._end(list(found._crews))


def crews(found: Fleet) -> dict[str, Any]:
    found.follow()
    return dict(found._crews)


def add(name: str, **values: Any) -> Dispatcher:
    return Dispatcher.objects.create(name=name, service="file", endpoint=f"{name}.jsonl", **values)


def test_rows_begin_and_end_as_they_change(following: Fleet) -> None:
    assert crews(following) == {}
    row = add("one")
    add("other", is_enabled=False)
    before = crews(following)
    assert list(before) == ["one"]
    assert crews(following) == before
    row.filter = {"status": "5xx"}
    row.save()
    after = crews(following)
    assert after["one"] is not before["one"]
    assert before["one"].stop.is_set() and not after["one"].stop.is_set()
    Dispatcher.objects.filter(name="other").update(is_enabled=True)
    assert sorted(crews(following)) == ["one", "other"]
    row.delete()
    assert list(crews(following)) == ["other"]
    assert after["one"].stop.is_set()


def test_the_file_of_the_variable_is_one_of_them(following: Fleet, settings: Any, tmp_path: Path) -> None:
    settings.FILE_EVENT_LOG = tmp_path / "events.jsonl"
    (crew,) = crews(following).values()
    assert crew.plan.name == f"file:{tmp_path / 'events.jsonl'}"
    assert crew.plan.beginning == "oldest"


def test_while_the_rows_cannot_be_read_everybody_goes_on(
    following: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("one")
    before = crews(following)

    def away() -> list[Plan]:
        raise OperationalError("away")

    following._read = away
    monkeypatch.setattr(fleet, "connections", types.SimpleNamespace(close_all=list))
    assert crews(following) == before


def test_a_file_of_a_row_lies_in_the_folder_of_events(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert plan.of_row(add("one")).target.endpoint == str(tmp_path / "events" / "one.jsonl")
    row = add("two")
    row.endpoint = "../two"
    assert "Name a file below" in plan.of_row(row).problem


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_begin_says_so_and_is_nothing_to_the_others(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "AGAIN_SECONDS", 0.05)
    plans = [
        Plan("bad", "file", Target(""), "now"),
        Plan("unreadable", "file", Target("x"), "now", problem="The key cannot be decrypted."),
        Plan("good", "file", Target(str(tmp_path / "good.jsonl")), "now"),
    ]
    running = Fleet(lambda: plans)
    running.follow()
    try:
        until(lambda: Subscriber.objects.count() == 3 and errors().keys() == {"bad", "unreadable"})
        assert "Name the file" in errors()["bad"]
        assert errors()["unreadable"] == "The key cannot be decrypted."
        assert all(crew.thread.is_alive() for crew in running._crews.values())
    finally:
        running._end(list(running._crews))
        running._pulse.close()


def errors() -> dict[str, str]:
    return dict(Subscriber.objects.exclude(last_error="").values_list("name", "last_error"))
