from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.request import parameters
from proxy.request.parameters import NO_WAY, Number, Unreadable, path_of
from tests.proxy.calls import call

LIMIT = 1 << 20


def values(name: str, **given: Any) -> list[Any]:
    return sorted(parameters.read(call(**given), LIMIT).values(path_of(name)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"model": "a"}', [("a",)]),
        ('{"model": "a", "model": "b"}', [("a",), ("b",)]),
        ('{"Model": "a", "MODEL": "b"}', [("a",), ("b",)]),
        (r'{"mod\u0065l": "a"}', [("a",)]),
        ('{"model": ["a", ["b", null]]}', [("a",), ("b",)]),
        ('{"model": {"name": "a"}}', [NO_WAY]),
        ('[{"model": "a"}, {"model": "b"}]', [("a",), ("b",)]),
        ('{"model": null}', []),
        ('{"x": {"model": "a"}}', []),
        ('{"model": true}', [("true",)]),
        ('{"model": ""}', [("",)]),
        ('{"model": "' + "a" * 5000 + '"}', [NO_WAY]),
        ('"model"', []),
        ("7", []),
    ],
)
def test_every_value_of_a_name_is_found(text: str, found: list[Any]) -> None:
    assert values("model", body=text.encode()) == found


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("0.7", ("0.7", "0.7")),
        ("0.70", ("0.70", "0.7")),
        ("1.0", ("1.0", "1")),
        ("1", ("1",)),
        ("-0", ("0",)),
        ("12345678901234567890123", ("12345678901234567890123",)),
        ("5e-1", ("0.5", "0.5")),
        ("0.5e3", ("500",)),
        ("0E2", ("0",)),
        ("1e400", ("1" + "0" * 400,)),
        ("1e401", NO_WAY),
        ("1e-401", NO_WAY),
        ("1e99999999999999999999", NO_WAY),
        ("NaN", ("NaN",)),
        ("-Infinity", ("-Infinity",)),
    ],
)
def test_a_number_is_its_text_with_the_exponent_written_out(text: str, ways: tuple[str, ...]) -> None:
    assert values("t", body=b'{"t": ' + text.encode() + b"}") == [ways]


def test_what_is_just_not_too_much_is_looked_through_quickly() -> None:
    body = b'{"model": "a", "x": [' + b'{"a": 1.5, "b": [1, 2, 3, 4]},' * 49_000 + b"{}]}"
    began = time.process_time()
    assert values("model", body=body) == [("a",)]
    assert time.process_time() - began < 10  # what grows by the square takes minutes


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_way_of_writing_a_number_is_that_number(number: float) -> None:
    ways = parameters._ways_of_number(Number(json.dumps(number)))
    assert ways
    assert all(float(way) == number and "e" not in way for way in ways)


def test_nested_members_are_addressed_with_dots_and_through_lists() -> None:
    body = {
        "messages": [{"role": "user"}, {"role": "system", "Role": "x"}],
        "role": "top",
        "messages.role": 1,
    }
    assert values("messages.role", body=body) == [("system",), ("user",), ("x",)]


def test_a_form_and_its_nested_fields_are_read() -> None:
    given = {
        "content_type": "application/x-www-form-urlencoded",
        "body": b"a%5Bb%5D=1&a.b=2&A[B][]=3&a[b][0]=4",
    }
    assert values("a.b", **given) == [("1",), ("2",), ("3",), ("4",)]
    assert values("a", **given) == [NO_WAY] * 4


def test_a_multipart_form_is_read() -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="Model"\r\n\r\nwhisper\r\n--B--'
    given = {
        "path": "/v1/audio/transcriptions",
        "content_type": "multipart/form-data; boundary=B",
        "body": body,
    }
    assert values("model", **given) == [("whisper",)]


def test_a_field_that_holds_json_is_looked_into() -> None:
    given: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded"}
    assert values("a.b", body=b'a={"b":"x"}', **given) == [("x",)]
    assert values("a.b", body=b'a={"b":', **given) == [NO_WAY]
    assert values("a.b", body=b"a=plain", **given) == []


def test_the_query_counts_whatever_separates_it() -> None:
    found = values("model", query="x=1&model=a;model=b&Mod%65l=c", method="GET")
    assert set(found) == {("a",), ("a;model=b",), ("b",), ("c",)}


def test_a_form_counts_whatever_separates_it() -> None:
    given: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded", "body": b"x=1;model=a"}
    assert values("model", **given) == [("a",)]


def test_a_name_may_end_at_its_first_nul() -> None:
    assert values("model", body=b'{"Model\\u0000x": "a"}') == [("a",)]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json; charset=utf-8", "x/y"])
def test_json_is_read_whatever_its_content_type(content_type: str) -> None:
    assert values("model", body=b'\xef\xbb\xbf{"model": "a"}', content_type=content_type) == [("a",)]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_body_is_read_whatever_the_method(method: str) -> None:
    assert values("model", method=method, path="/v1/x", body={"model": "a"}) == [("a",)]


def test_an_encoded_body_is_decoded() -> None:
    body = gzip.compress(b'{"model": "a"}')
    assert values("model", body=body, headers=(("content-encoding", "gzip"),)) == [("a",)]


@pytest.mark.parametrize("body", [None, b"", b" \r\n"])
def test_no_body_has_no_values(body: bytes | None) -> None:
    assert not parameters.read(call(body=body), LIMIT).has_body


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"body": b'{"model": "a"'}, "not valid JSON"),
        ({"body": b'{"model": "a"} x'}, "not valid JSON"),
        ({"body": b'{"model": "a",}'}, "not valid JSON"),
        ({"body": b"{'model': 'a'}"}, "not valid JSON"),
        ({"body": b'// c\n{"model": "a"}'}, "not valid JSON"),
        ({"body": b"model=a", "content_type": "text/plain"}, "not valid JSON"),
        ({"body": '{"model": "a"}'.encode("utf-16")}, "not UTF-8|not valid JSON"),
        ({"body": b'{"model": "\xff"}'}, "not UTF-8"),
        ({"body": b"[" * 200_000}, "nested too deeply|not valid JSON"),
        ({"body": b"{}", "content_type": "application/json; charset=utf-7"}, "charset is not UTF-8"),
        ({"body": b"{}", "headers": (("content-encoding", "br"),)}, "content encoding 'br'"),
        ({"body": b"{}", "headers": (("content-type", "text/plain"),)}, "2 content-type headers"),
        (
            {"body": b"{}", "headers": (("content-encoding", "identity"), ("content-encoding", "gzip"))},
            "2 content-encoding headers",
        ),
        ({"body": b"x", "content_type": "multipart/form-data; boundary=B"}, "the form: it does not begin"),
        ({"body": b"[" + b"{}," * 50_000 + b"{}]"}, "too much in it"),
        ({"body": b"[" + b"1," * 400_001 + b"1]"}, "too much in it"),
        ({"body": b"[" + b"1" * 5000 + b"]"}, "not valid JSON"),
        ({"query": "a=1&" * 10_001}, "more than 10000 fields"),
    ],
)
def test_what_cannot_be_read_for_sure_is_unreadable(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parameters.read(call(**given), LIMIT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "A", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def values_of(node: Any, path: tuple[str, ...]) -> list[Any]:
    """The same, said as simply as can be."""
    if isinstance(node, list):
        return [value for element in node for value in values_of(element, path)]
    if path:
        members = node.items() if isinstance(node, dict) else ()
        return [v for name, value in members if name.lower() == path[0] for v in values_of(value, path[1:])]
    if node is None:
        return []
    return [NO_WAY if isinstance(node, dict) else (node if isinstance(node, str) else json.dumps(node),)]


@given(JSON, st.sampled_from(["a", "a.b", "b.a.a"]))
def test_values_of_any_document_are_those_a_plain_walk_finds(document: Any, name: str) -> None:
    assert values(name, body=document) == sorted(values_of(document, path_of(name)))
