from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.presentation import differences
from logs_app.presentation.differences import Block, Change, of_texts, of_values

LINES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_texts_stand_beside_each_other_line_by_line():
    assert of_texts("one\ntwo\nthree", "one\n2\nthree\nfour") == [
        Block("equal", "one", "one"),
        Block("changed", "two", "2"),
        Block("equal", "three", "three"),
        Block("added", "", "four"),
    ]


def test_equal_texts_are_one_block_and_empty_ones_none():
    assert of_texts("a\nb", "a\nb") == [Block("equal", "a\nb", "a\nb")]
    assert of_texts("", "") == []


@given(LINES, LINES)
def test_the_blocks_of_a_side_are_the_text_of_that_side(one, other):
    blocks = of_texts("\n".join(one), "\n".join(other))
    assert "\n".join(b.before for b in blocks if b.kind != "added") == "\n".join(one)
    assert "\n".join(b.after for b in blocks if b.kind != "removed") == "\n".join(other)
    assert all(b.before == b.after for b in blocks if b.kind == "equal")


def test_texts_of_any_length_take_a_moment():
    began = time.monotonic()
    one = "\n".join(f"line {n}" for n in range(50_000))
    other = "\n".join(f"line {n % 7}" for n in range(50_000))
    assert [block.kind for block in of_texts(f"same\n{one}", f"same\n{other}")][-1] == "changed"
    assert time.monotonic() - began < 5


def test_values_are_compared_member_by_member():
    before = {"id": "1", "a": {"b/c": 1, "gone": None}, "list": [1, 2, 3]}
    after = {"id": "2", "a": {"b/c": 2, "new": []}, "list": [1, 5]}
    assert of_values(before, after) == [
        Change("/a/b~1c", "changed", 1, 2),
        Change("/a/gone", "removed", None),
        Change("/a/new", "added", after=[]),
        Change("/list/1", "changed", 2, 5),
        Change("/list/2", "removed", 3),
    ]


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ("1", 1), ({}, []), (None, {})])
def test_other_types_are_other_values(one, other):
    assert of_values(one, other) == [Change("", "changed", one, other)]


@given(JSON)
def test_nothing_differs_from_itself(value):
    assert of_values(value, value) == []


def test_there_are_not_more_changes_than_somebody_can_read(monkeypatch):
    monkeypatch.setattr(differences, "MOST_CHANGES", 3)
    assert len(of_values([1] * 10, [2] * 10)) == 3
