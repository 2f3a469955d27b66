from __future__ import annotations

import logging
import sys

import orjson

from relay.logformat import JSONFormatter


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
