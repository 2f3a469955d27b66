from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import orjson
import pytest

from accounts.audit import requestid
from relay.logformat import JSONFormatter, PlainFormatter


def entry(**more: object) -> dict[str, str]:
    record = logging.makeLogRecord(
        {"name": "relay.test", "levelname": "WARNING", "msg": "%s of\n%d", "args": ("two", 3), **more}
    )
    line = JSONFormatter().format(record)
    assert "\n" not in line
    loaded: dict[str, str] = orjson.loads(line)
    return loaded


def test_a_line_is_one_json_object() -> None:
    found = entry(created=0.25)
    assert found == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "warning",
        "logger": "relay.test",
        "message": "two of\n3",
    }


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        found = entry(exc_info=sys.exc_info())
    assert "ValueError: broken" in found["exception"]


def test_text_that_is_no_utf8_does_not_stop_the_log() -> None:
    assert entry(msg="\ud800 odd", args=())["message"]


@pytest.fixture
def within_a_call() -> Iterator[None]:
    token = requestid.current.set("0197-call")
    yield
    requestid.current.reset(token)


def test_a_line_names_the_call_that_it_belongs_to(within_a_call: None) -> None:
    assert entry()["request_id"] == "0197-call"
    plain = PlainFormatter().format(
        logging.makeLogRecord({"name": "relay", "levelname": "INFO", "msg": "hi"})
    )
    assert plain.endswith("relay: hi [0197-call]")


def test_a_line_outside_of_calls_names_none() -> None:
    assert "request_id" not in entry()
    assert (
        PlainFormatter().format(logging.makeLogRecord({"name": "relay", "msg": "hi"})).endswith("relay: hi")
    )
