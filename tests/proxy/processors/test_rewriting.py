from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.processors import rewriting
from proxy.processors.rewriting import Changes
from proxy.request import jsonedit

names = st.sampled_from(["model", "messages", "a", 'quo"te', "é"])
values = st.sampled_from([None, True, 1, 1.0, -2.5, "", "a", "é\ud800", [], [1, {"a": "b"}], {"a": ["}"]}])
documents = st.dictionaries(names, values, max_size=4)


def apply(body: bytes, changes: Changes) -> bytes:
    return jsonedit.change_members(body, jsonedit.members(body), changes)


@given(documents, documents, st.sampled_from([None, 1]))
def test_the_body_says_what_the_steps_made_of_it(before: Any, after: Any, indent: int | None) -> None:
    body = json.dumps(before, indent=indent).encode("utf-8", "surrogatepass")
    changed = apply(body, rewriting.differences(before, after))
    assert json.loads(changed) == after


def test_what_is_not_changed_keeps_its_bytes() -> None:
    body = b'{ "seed":123456789012345678901234567890 , "user":"a",  "b" : "\\u00e9"}'
    before = json.loads(body)
    changes = rewriting.differences(before, before | {"user": "b"})
    assert apply(body, changes) == body.replace(b'"a"', b'"b"')
    assert apply(body, {"user": None}) == b'{ "seed":123456789012345678901234567890 ,  "b" : "\\u00e9"}'


def test_no_reader_finds_an_older_one_of_a_repeated_member() -> None:
    body = b'{"a":"secret","b":1,"a":"secret"}'
    assert apply(body, {"a": b'"x"'}) == b'{"a":"x","b":1}'
    assert apply(body, {"a": None}) == b'{"b":1}'
    assert apply(b'{"a":1}', {"a": None}) == b"{}"


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"n": True}, {"n": 1}, ["n"]),
        ({"n": 1}, {"n": 1.0}, ["n"]),
        ({"n": [1]}, {"n": [1]}, []),
        ({"n": 1, "m": 2}, {"m": 2, "o": 3}, ["n", "o"]),
    ],
)
def test_only_differences_are_written(before: Any, after: Any, names: list[str]) -> None:
    assert list(rewriting.differences(before, after)) == names


@pytest.mark.parametrize("after", [{"a": object()}, {7: 1}, {"a": {1, 2}}])
def test_what_is_no_json_is_refused(after: Any) -> None:
    with pytest.raises(TypeError):
        rewriting.differences({}, after)
