from __future__ import annotations

import io
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest

from accounts.commandline import arguments


@pytest.mark.parametrize(("text", "value"), [("true", True), ("ON", True), ("no", False), ("false", False)])
def test_a_switch_has_its_usual_words(text: str, value: bool) -> None:
    assert arguments.switch(text) is value


def test_a_switch_knows_no_others() -> None:
    with pytest.raises(ArgumentTypeError, match="'maybe' is neither true nor false"):
        arguments.switch("maybe")


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("250", 250), ("none", None)])
def test_none_takes_a_limit_away(text: str, value: int | None) -> None:
    assert arguments.number(text) == value


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "²", ""])
def test_a_limit_is_a_whole_number(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="neither a whole number nor none"):
        arguments.number(text)


def test_none_is_never_and_anything_else_itself() -> None:
    assert arguments.optional("none") is None
    assert arguments.optional("2030-01-01") == "2030-01-01"


def test_a_policy_comes_out_of_a_file_or_standard_input(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "policy.json").write_text('{"allowed_methods": ["POST"]}')
    assert arguments.json_file(str(tmp_path / "policy.json")) == {"allowed_methods": ["POST"]}
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))
    assert arguments.json_file("-") == {}


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"{", "is not JSON"), (b"\xff", "not JSON")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "policy.json").write_bytes(content)
    with pytest.raises(ArgumentTypeError, match=words):
        arguments.json_file(str(tmp_path / "policy.json"))


@pytest.mark.parametrize(("text", "level"), [("full", "full"), ("OFF", "off"), ("none", None)])
def test_a_level_of_recording_is_one_of_three_or_none(text: str, level: str | None) -> None:
    assert arguments.level(text) == level


def test_there_is_no_other_level() -> None:
    with pytest.raises(ArgumentTypeError, match="'half' is none of full, metadata, off, none"):
        arguments.level("half")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("off", False), ("none", None), ("None", None)])
def test_an_inherited_switch_can_say_nothing(text: str, value: bool | None) -> None:
    assert arguments.inherited_switch(text) is value
