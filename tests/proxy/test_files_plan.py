from __future__ import annotations

import pytest

from proxy.files.plan import FileRefused, Section


def test_members_are_taken_once() -> None:
    section = Section("a", {"weight": 1, "name": "x"})
    assert (section.take("weight", int), section.take("weight", int), section.take("none", str, "y")) == (
        1,
        None,
        "y",
    )
    with pytest.raises(FileRefused, match="a: nothing here is called name."):
        section.end()


def test_true_is_no_number() -> None:
    with pytest.raises(FileRefused, match="a.weight: True is not a whole number."):
        Section("a", {"weight": True}).take("weight", int)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(FileRefused, match="a: write a table"):
        Section("a", [1])


def test_lists_hold_texts() -> None:
    with pytest.raises(FileRefused, match="a.names: write a list of texts."):
        Section("a", {"names": ["x", 1]}).take_texts("names")
