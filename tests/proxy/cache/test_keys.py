from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.cache import keys

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("aé\0", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["messages", "input", "n", "user", "tools", "x"]), JSON, max_size=4
)
SCOPES = st.sampled_from(["project:a", "project:b", "credential:a", "token:a", "shared"])
TARGETS = st.tuples(
    st.sampled_from(["GET", "POST"]), st.sampled_from(["a", "ab", "a/b"]), st.sampled_from(["", "x=1"])
)
QUESTIONS = st.tuples(SCOPES, TARGETS, DOCUMENTS, st.sampled_from(["m", "n", None]))


def key(question: tuple[Any, ...]) -> keys.Key:
    scope, target, document, model = question
    body = keys.canonical(document, model, ())
    assert body is not None
    return keys.of(scope, target, [], (), body)


@unhurried
@given(QUESTIONS, QUESTIONS)
def test_two_questions_share_a_key_only_when_they_are_one(one: Any, other: Any) -> None:
    def meaning(question: Any) -> Any:
        scope, target, document, model = question
        return scope, target, json.dumps(document, sort_keys=True), model

    assert (key(one) == key(other)) == (meaning(one) == meaning(other))


@unhurried
@given(QUESTIONS, SCOPES)
def test_no_tenant_meets_another(question: Any, scope: str) -> None:
    other = (scope, *question[1:])
    assert (key(question).digest == key(other).digest) == (question[0] == scope)


def test_nothing_moves_from_one_part_into_another() -> None:
    assert keys.of("s", ("a", "b"), [], (), b"") != keys.of("s", ("a", ""), [], (), b"b")
    assert keys.of("s", ("ab",), [], (), b"") != keys.of("s", ("a", "b"), [], (), b"")
    assert keys.of("s", (), [(b"x", b"1")], (), b"") != keys.of("s", ("x:1",), [], (), b"x")


def test_headers_that_mean_something_are_part_of_it() -> None:
    def of(*headers: tuple[bytes, bytes]) -> keys.Key:
        return keys.of("s", ("POST",), list(headers), ("x-team",), b"")

    plain = of()
    assert of((b"openai-beta", b"1")) != plain
    assert of((b"anthropic-version", b"1")) != of((b"anthropic-version", b"2"))
    assert of((b"x-user-id", b"1")) != plain
    assert of((b"accept", b"text/event-stream")) != plain
    assert of((b"a-b", b"1"), (b"c", b"2")) == of((b"c", b"2"), (b"a-b", b"1"))
    for name in (b"user-agent", b"traceparent", b"x-stainless-os", b"authorization", b"accept", b"x-team"):
        assert of((name, b"1")) == plain


def test_streams_and_their_usage_are_forms_of_one_answer() -> None:
    plain = keys.canonical({"n": 1}, "m", ())
    assert keys.canonical({"n": 1, "stream": True}, "m", ()) == plain
    options = {"include_usage": True}
    assert keys.canonical({"n": 1, "stream": True, "stream_options": options}, "m", ()) == plain
    options["include_obfuscation"] = False
    assert keys.canonical({"n": 1, "stream": True, "stream_options": options}, "m", ()) != plain


def test_what_has_no_bytes_has_no_key() -> None:
    assert keys.canonical({"n": "\ud800"}, "m", ()) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1, "b": {"a": [1.5, null]}}', True),
        (b'{"a": 1, "a": 2}', False),
        (b'{"b": {"a": 1, "a": 1}}', False),
        (b'{"a": NaN}', False),
        (b'{"a": 18446744073709551616}', False),
        (b'{"a": 123456789012345678901234567890}', False),
        (b'{"a": 9007199254740993}', True),
        (b"[" * 100_000, False),
        (b"", False),
    ],
    ids=["plain", "twice", "twice_inside", "nan", "beyond_64_bits", "huge", "exact", "deep", "empty"],
)
def test_a_body_that_readers_understand_differently_is_not_kept(body: bytes, expected: bool) -> None:
    assert keys.is_exact(body) is expected
