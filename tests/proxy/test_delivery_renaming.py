from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.delivery.renaming import Renamer, Renaming, renamed

SENT, ASKED = "gpt-4o-2024", "mine/gpt-4o"
RENAMING = Renaming(SENT, ASKED)
TEXTS = st.sampled_from(
    ["model", SENT, 'x","model":"gpt-4o-2024"', "\\", '\\"', "{", "]}", '"', "é模", "a" * 300]
) | st.text(max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OTHERS = st.lists(st.tuples(TEXTS.filter(lambda name: name not in ("model", "response", "message")), VALUES))


def member(name: str, value: Any, spacing: tuple[str, str], *, ascii: bool) -> str:
    return json.dumps({name: value}, ensure_ascii=ascii, separators=spacing)[1:-1]


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """An answer, and what it is with the asked name: the one member differs, whatever stands around it."""
    spacing = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " :\t")]))
    ascii = draw(st.booleans())
    around = [member(name, value, spacing, ascii=ascii) for name, value in draw(OTHERS)]
    place = draw(st.integers(0, len(around)))
    envelope = draw(st.sampled_from(["%s", '{"type":"x","response":%s,"model":"later"}', '{"message": %s}']))
    texts = []
    for name in (SENT, ASKED):
        members = [*around[:place], member("model", name, spacing, ascii=ascii), *around[place:]]
        texts.append((envelope % ("{" + spacing[0].join(members) + "}")).encode("utf-8", "replace"))
    return texts[0], texts[1]


@st.composite
def cut_up(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@given(answers(), st.data())
def test_exactly_the_bytes_of_the_name_change_however_the_answer_is_cut(
    answer: tuple[bytes, bytes], data: st.DataObject
) -> None:
    renamer = Renamer(RENAMING)
    parts = data.draw(cut_up(answer[0]))
    assert b"".join([*map(renamer.feed, parts), renamer.finish()]) == answer[1]
    assert renamer.has_renamed
    assert renamed(answer[0], RENAMING) == answer[1]


@given(OTHERS, st.data())
def test_without_the_member_no_byte_changes(others: list[tuple[str, Any]], data: st.DataObject) -> None:
    text = ("{" + ",".join(member(*each, (",", ":"), ascii=False) for each in others) + "}").encode(
        "utf-8", "replace"
    )
    renamer = Renamer(RENAMING)
    assert b"".join([*map(renamer.feed, data.draw(cut_up(text))), renamer.finish()]) == text
    assert not renamer.has_renamed


@given(st.binary(max_size=300), st.data())
def test_what_is_no_json_passes_whole(text: bytes, data: st.DataObject) -> None:
    renamer = Renamer(RENAMING)
    assert b"".join([*map(renamer.feed, data.draw(cut_up(text))), renamer.finish()]) == text


@pytest.mark.parametrize(
    "text",
    [
        b'{"model":"gpt-4o"}',
        b'{"model":"gpt-4o-2024-11"}',
        b'{"model":null}',
        b'{"tools":[{"model":"gpt-4o-2024"}]}',
        b'{"x_groq":{"model":"gpt-4o-2024"}}',
        b'{"a":{"response":{"model":"gpt-4o-2024"}}}',
        b'[{"model":"gpt-4o-2024"}]',
        b'{"model":"gpt-4o-202\\u00"}',
    ],
)
def test_another_name_and_another_place_stay(text: bytes) -> None:
    assert renamed(text, RENAMING) == text


def test_an_escaped_name_is_the_same_name() -> None:
    assert renamed(b'{"model":"a\\/b"}', Renaming("a/b", "é")) == '{"model":"é"}'.encode()


def test_little_is_held_back_whatever_the_answer_is() -> None:
    renamer = Renamer(RENAMING)
    sent = forwarded = 0
    for part in [
        b'{"data":[{"embedding":[',
        *[b"0.123456,-1e-5," * 1000] * 50,
        b'0],"b":"',
        *[b"AAAA" * 5000] * 50,
    ]:
        sent += len(part)
        forwarded += len(renamer.feed(part))
        assert sent - forwarded < 200
    assert renamer.feed(b'"}],"model":"gpt-4o-2024"}') + renamer.finish() == b'"}],"model":"mine/gpt-4o"}'
