from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.request import jsonedit

NAMES = ["model", "stream_options", "a", "é", 'quo"te', "back\\slash", "{", "}"]
LEAVES = [
    '"x"', '"mo\\"del\\": 1,"', '"\\ud83d\\ude00"', '"}{][,:"', '""', '"\\\\"', "true", "null",
    "1", "123456789012345678901234567890", "-1.5e-7",
]  # fmt: skip
SPACES = st.sampled_from(["", " ", "\n", "\t", "\r\n  "])


def spelt(draw: st.DrawFn, text: str) -> str:
    """A JSON string with some characters written as escapes they do not need."""
    plain = json.dumps(text, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()) or not text or not text[0].isalpha() or ord(text[0]) > 0xFFFF:
        return plain
    return f'"\\u{ord(text[0]):04x}' + plain[1:].removeprefix(plain[1 : 2 if plain[1] != "\\" else 7])


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    if draw(st.booleans()):
        inside = draw(st.lists(values(depth=depth - 1), max_size=3))
        return "[" + ",".join(draw(SPACES) + one + draw(SPACES) for one in inside) + "]"
    return draw(objects(depth=depth - 1))[0]


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> tuple[str, list[tuple[str, str]]]:
    """An object as text, and its members in order, repeats kept."""
    members = draw(st.lists(st.tuples(st.sampled_from(NAMES), values(depth=depth)), max_size=5))
    texts = [
        draw(SPACES) + spelt(draw, name) + draw(SPACES) + ":" + draw(SPACES) + value + draw(SPACES)
        for name, value in members
    ]
    return "{" + (",".join(texts) or draw(SPACES)) + "}", members


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, str]]]:
    text, members = draw(objects())
    lead = draw(st.sampled_from(["", "\ufeff", " \n"]))
    return (lead + text + draw(SPACES)).encode(), members


def load(body: bytes) -> dict[str, object]:
    return dict(json.loads(body.decode("utf-8-sig")))


def is_one_insertion(before: bytes, after: bytes, size: int) -> bool:
    """Whether `after` is `before` with so many bytes put in one place."""
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    return len(after) == len(before) + size and any(
        before == after[:at] + after[at + size :] for at in range(max(0, start - size), start + 1)
    )


@given(bodies(), st.sampled_from(['"gpt"', '{"include_usage":true}', "1"]))
def test_an_inserted_member_is_there_and_no_other_byte_moves(made, value: str) -> None:
    body, members = made
    after = jsonedit.insert_member(body, "new", value.encode())
    assert load(after) == {"new": json.loads(value)} | load(body)
    comma = 1 if members else 0
    assert is_one_insertion(body, after, len('"new":') + len(value) + comma)


@given(bodies(), st.sampled_from(NAMES), st.sampled_from([b'"gpt"', b"{}", b"12345678901234567890123"]))
def test_a_replaced_value_is_the_one_parsers_read_and_no_other_byte_moves(made, name, value) -> None:
    body, members = made
    if name not in dict(members):
        assert jsonedit.member(body, name) is None
        with pytest.raises(KeyError):
            jsonedit.replace_member(body, name, value)
        return
    span = jsonedit.member(body, name)
    assert span is not None
    assert json.loads(body[span.start : span.end]) == load(body)[name]
    after = jsonedit.replace_member(body, name, value)
    assert load(after) == load(body) | {name: json.loads(value)}
    assert after == body[: span.start] + value + body[span.end :]


def test_a_member_of_an_inner_object_is_not_meant() -> None:
    body = b'{"metadata":{"model":"inner"},"tools":[{"model":1}], "model" : "outer" }'
    expected = b'{"metadata":{"model":"inner"},"tools":[{"model":1}], "model" : "new" }'
    assert jsonedit.replace_member(body, "model", b'"new"') == expected


def test_the_last_of_repeated_members_counts() -> None:
    assert jsonedit.replace_member(b'{"a":1,"a":2}', "a", b"3") == b'{"a":1,"a":3}'


def test_a_name_spelt_with_escapes_is_found() -> None:
    assert jsonedit.replace_member(rb'{"mod\u0065l":""}', "model", b'"x"') == rb'{"mod\u0065l":"x"}'


def test_a_name_inside_a_string_is_not_a_member() -> None:
    assert jsonedit.member(rb'{"a":"{\"model\": 1}"}', "model") is None


def test_the_first_member_of_an_empty_object_needs_no_comma() -> None:
    assert jsonedit.insert_member(b" { } ", "a", b"1") == b' {"a":1 } '


def test_a_string_of_many_escapes_is_found_in_one_step() -> None:
    body = b'{"image":"' + b'\\"' * 2_000_000 + b'","model":""}'
    assert jsonedit.replace_member(body, "model", b'"x"').endswith(b'"model":"x"}')


@given(bodies(), st.sampled_from(NAMES))
def test_setting_leaves_one_of_a_name_and_removing_none(
    given_body: tuple[bytes, list[tuple[str, str]]], name: str
) -> None:
    body, members = given_body
    others = [(key, value) for key, value in members if key != name]
    for changed, expected in (
        (change(body, name, b'"new"'), {**dict(load_pairs(others)), name: "new"}),
        (change(body, name, None), dict(load_pairs(others))),
    ):
        pairs = json.loads(changed.decode("utf-8-sig"), object_pairs_hook=list)
        assert dict(pairs).keys() == expected.keys()
        assert [key for key, _ in pairs].count(name) == (name in expected)
        assert load(changed) == expected


def change(body: bytes, name: str, value: bytes | None) -> bytes:
    return jsonedit.change_members(body, jsonedit.members(body), {name: value})


def load_pairs(members: list[tuple[str, str]]) -> list[tuple[str, object]]:
    return [(key, json.loads(value)) for key, value in members]
