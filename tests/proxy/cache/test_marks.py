from __future__ import annotations

from pathlib import Path

import pytest

from proxy.cache import keys
from proxy.cache.marks import WORDS, Marks

MODELS = keys.resource("project:a", "/v1/models")
OTHERS = keys.resource("project:b", "/v1/models")


def test_all_processes_see_what_one_of_them_moves(tmp_path: Path) -> None:
    one, other = Marks(tmp_path), Marks(tmp_path)
    before = other.of(MODELS)
    one.move(MODELS)
    moved = other.of(MODELS)
    assert moved != before and one.of(MODELS) == moved
    other.move(MODELS)
    assert one.of(MODELS) not in (before, moved)
    assert one.of(OTHERS) == 0
    for marks in (one, other):
        marks.close()


def test_what_is_no_resource_never_moves() -> None:
    assert Marks().of("") == 0


def test_every_resource_has_a_word() -> None:
    marks = Marks()
    for resource in ("0" * 40, "f" * 40, f"{WORDS - 1:012x}"):
        marks.move(resource)
        assert marks.of(resource)
    assert marks.of(f"{1:012x}") == 0  # what the file begins with is nobody's word


def test_without_a_file_each_process_marks_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("no folder")
    one, other = Marks(tmp_path), Marks(tmp_path)
    one.move(MODELS)
    assert one.of(MODELS) and not other.of(MODELS)
    assert "told to no other process" in caplog.text
