from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app import payloads
from logs_app.assembly.rawusage import exact
from logs_app.journal.segments import PART
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import SSE_HEADERS
from tests.logs_app.test_assembly import chunk, exchange, rows
from tests.logs_app.test_assembly_transcript import answered, closed, opened

WRITTEN = b'{ "prompt_tokens":  3,"cost": 1.50e-05 , "total_tokens":5 }'
USAGE = json.loads(WRITTEN)


def test_the_very_bytes_are_found():
    assert exact(b'{"a": 1, "usage" : ' + WRITTEN + b"}", USAGE) == WRITTEN


def test_the_last_of_several_counts():
    first = b'data: {"usage":{"total_tokens":1}}\n\n'
    assert exact(first + b'data: {"usage":' + WRITTEN + b"}\n\ndata: [DONE]\n\n", USAGE) == WRITTEN


@pytest.mark.parametrize(
    "content",
    [b"", b'"usage"', b'"usage": null', b'"usage": {"other": 1}', b'"usage": {"cut', b'\\"usage\\": {}'],
)
def test_what_is_not_there_is_not_found(content: bytes):
    assert exact(content, USAGE) is None


def test_an_answer_that_speaks_of_usage_does_no_harm():
    content = json.dumps({"text": '"usage": {"total_tokens": 9}', "usage": USAGE}).encode()
    assert json.loads(exact(content, USAGE) or b"") == USAGE


@given(st.binary())
def test_nonsense_does_no_harm(content: bytes):
    assert exact(b'"usage":' + content, USAGE) is None
    assert exact(content, None) is None


def test_a_record_keeps_them():
    answer = b'{"object": "chat.completion", "choices": [], "usage": ' + WRITTEN + b"}"
    assert payloads.unpack(exchange(answer).payload["usage"]) == WRITTEN
    events = (
        sse(chunk({"content": "Hi"})) + b'data: {"choices": [], "usage": ' + WRITTEN + b"}\n\n" + sse(DONE)
    )
    made = rows(opened(is_streaming=True), answered(headers=SSE_HEADERS), (PART, 1, events), closed())
    assert payloads.unpack(made.payload["usage"]) == WRITTEN
