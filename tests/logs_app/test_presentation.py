from __future__ import annotations

import base64

import pytest

from logs_app import payloads
from logs_app.models import LogPayload
from logs_app.presentation import presentation


def test_repeated_headers_are_joined():
    stored = payloads.pack_json([["x-a", "1"], ["x-b", "2"], ["x-a", "3"]])
    assert presentation.headers(stored) == {"x-a": "1, 3", "x-b": "2"}
    assert presentation.headers(None) == {}


@pytest.mark.parametrize(
    ("content", "content_type", "shown"),
    [
        (b'{"a": [1, "\xc3\xa9"]}', "application/json", {"a": [1, "é"]}),
        (b" [1, 2]", "text/plain", [1, 2]),
        (b'"ok"', "application/json", "ok"),
        (b'"ok"', "text/plain", '"ok"'),
        (b'{"n": 123456789012345678901234567890}', "application/json", {"n": 123456789012345678901234567890}),
        (b'{"x": NaN}', "application/json", '{"x": NaN}'),
        (b'{"x": "\\ud800"}', "application/json", '{"x": "\\ud800"}'),
        (b'{"half": ', "application/json", '{"half": '),
        (b"words", "text/plain", "words"),
        (
            b"\xff\x00",
            "image/png",
            {"base64": base64.b64encode(b"\xff\x00").decode(), "content_type": "image/png"},
        ),
        (
            b"a\x00b",
            "text/plain",
            {"base64": base64.b64encode(b"a\x00b").decode(), "content_type": "text/plain"},
        ),
        (b"", "application/json", None),
    ],
)
def test_a_body_is_an_object_or_text_or_base64(content, content_type, shown):
    assert presentation.body(content, content_type, None) == shown


def test_the_ends_of_a_cut_text_are_text_even_if_a_character_was_cut():
    cut = {"size": 999, "sha256": "d", "head": 2}
    shown = presentation.body("aéz".encode(), "application/json", cut)
    assert (shown["encoding"], shown["first"], shown["last"]) == ("text", "a\ufffd", "\ufffdz")
    assert (shown["truncated"], shown["size"], shown["sha256"]) == (True, 999, "d")


def test_the_ends_of_cut_bytes_are_base64():
    shown = presentation.body(b"\x00\x01", "image/png", {"size": 9, "sha256": "d", "head": 1})
    assert (shown["encoding"], shown["first"], shown["last"]) == ("base64", "AA==", "AQ==")


def test_a_stream_that_was_cut_still_shows_its_object():
    payload = LogPayload(
        response_body=payloads.pack(b'{"choices": []}'),
        response_raw=payloads.pack(b"data: first and last"),
        response_content_type="text/event-stream",
        response_cut={"size": 10**9, "sha256": "d", "head": 11},
    )
    assert presentation.response_body(payload) == {"choices": []}
    assert presentation.response_raw(payload) == "data: first\n…\n and last"


@pytest.mark.parametrize(
    ("nanos", "shown"), [(None, None), (0, "0.000000000"), (1, "0.000000001"), (1_500_000_000, "1.500000000")]
)
def test_cost_is_a_decimal_string(nanos, shown):
    assert presentation.cost(nanos) == shown
