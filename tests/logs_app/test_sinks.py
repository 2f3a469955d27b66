from __future__ import annotations

import pytest

from logs_app.sinks import KINDS, SinkError, Target, open_sink
from logs_app.sinks.file import FileSink


def test_a_sink_is_opened_by_its_kind(tmp_path) -> None:
    sink = open_sink("file", Target(endpoint=str(tmp_path / "events.jsonl")))
    assert isinstance(sink, FileSink)


def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(SinkError, match="file.*python"):
        open_sink("carrier-pigeon", Target())
    assert "file" in KINDS


def test_the_key_of_a_target_is_not_shown() -> None:
    assert "secret" not in repr(Target(api_key="secret"))
