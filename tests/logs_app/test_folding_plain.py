import json

import pytest

from logs_app.folding import plain
from tests.logs_app.folds import CHAT, chunk, fold, sse

ANSWER = {"id": "x", "object": "chat.completion", "model": "m", "choices": [{"finish_reason": "stop"}]}


def plainly(body, content_type="application/json", status=200, path=CHAT, stream=False):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return fold(path, raw, status=status, content_type=content_type, stream=stream)


def test_json_is_taken_as_it_is():
    folded = plainly(ANSWER)
    assert (folded.body, folded.kind, folded.done, folded.chunks) == (ANSWER, "chat", True, 0)
    assert (folded.model, folded.finish_reason) == ("m", "stop")
    assert not folded.saw_token


def test_white_space_and_a_byte_order_mark_before_json_are_no_matter():
    """DeepSeek keeps a connection alive with empty lines."""
    assert fold(
        CHAT, b"\n", b"\n\n", b" " * 9000, b'\r\n{"a":', b"1}", content_type="application/json"
    ).body == {"a": 1}
    assert plainly(b'\xef\xbb\xbf{"a":1}').body == {"a": 1}


def test_a_stream_that_calls_itself_json_is_a_stream():
    assert fold(CHAT, sse(chunk({"content": "a"})), content_type="application/json").chunks == 1


@pytest.mark.parametrize("status", [200, 429])
def test_json_that_calls_itself_a_stream_is_json(status):
    error = {"error": {"message": "slow down"}}
    folded = plainly(error, "text/event-stream; charset=utf-8", status, stream=True)
    assert (folded.body, folded.error, folded.done) == (error, error["error"], True)


def test_a_stream_that_calls_itself_text_is_a_stream_when_one_was_asked_for():
    assert fold(CHAT, sse(chunk({"content": "a"})), content_type="text/plain", stream=True).kind == "chat"
    assert fold(CHAT, b"data: 1\n\n", content_type="text/plain", stream=False).text == "data: 1\n\n"


@pytest.mark.parametrize(
    "first", ["data: {}", "event: e", "id: 7", "retry: 1", ": hi", ":", "\ufeff: hi", "\n"]
)
def test_the_first_line_of_a_stream_that_calls_itself_json_may_come_byte_by_byte(first):
    stream = f"{first}\n\n".encode() + sse(chunk({"content": "a"}))
    folded = fold(CHAT, *(stream[i : i + 1] for i in range(len(stream))), content_type="application/json")
    assert folded.body["choices"][0]["message"]["content"] == "a"


def test_errors_that_call_themselves_bytes_are_json():
    """As DeepSeek sends them."""
    error = {"error": {"message": "no"}}
    folded = plainly(error, "application/octet-stream", 400)
    assert (folded.body, folded.kind, folded.error) == (error, "json", {"message": "no"})


def test_json_that_is_cut_is_text_that_is_not_done():
    folded = plainly(b'{"id": "x", "cho')
    assert (folded.kind, folded.body, folded.done, folded.parse_errors) == ("text", None, False, 1)
    assert folded.text == '{"id": "x", "cho'


def test_an_error_page_is_text():
    folded = plainly(b"<html>Bad gateway</html>", "text/html", 502)
    assert (folded.kind, folded.text, folded.body, folded.done) == (
        "text",
        "<html>Bad gateway</html>",
        None,
        True,
    )


def test_a_transcript_that_begins_like_json_is_text_without_a_fault():
    folded = plainly(b"[Music] Hello", "text/plain; charset=utf-8", path="/v1/audio/transcriptions")
    assert (folded.kind, folded.text, folded.parse_errors, folded.done) == ("text", "[Music] Hello", 0, True)


def test_lines_of_json_are_text():
    folded = plainly(b'{"a":1}\n{"a":2}\n', "application/x-ndjson", path="/api/chat")
    assert (folded.kind, folded.text, folded.done) == ("text", '{"a":1}\n{"a":2}\n', True)


def test_sound_is_audio_and_other_bytes_are_binary():
    assert plainly(b"ID3\x00", "audio/mpeg", path="/v1/audio/speech").kind == "audio"
    assert plainly(b"\x89PNG", "image/png", path="/v1/files/f/content").kind == "binary"
    assert plainly(b"\x00\x01", "application/octet-stream", path="/v1/files/f/content").kind == "binary"
    assert plainly(b"a\xff", "application/octet-stream", path="/v1/files/f/content").kind == "binary"


def test_a_file_of_text_is_text_whatever_it_calls_itself():
    assert plainly(b"col\n1\n", "application/octet-stream", path="/v1/files/f/content").text == "col\n1\n"


def test_of_text_only_the_head_is_kept_and_no_character_is_cut():
    folded = plainly(("é" * plain.HEAD_BYTES).encode() + b"x", "text/plain")
    assert folded.kind == "text"
    assert folded.text == "é" * (plain.HEAD_BYTES // 2)
    odd = plainly(b"x" + ("é" * plain.HEAD_BYTES).encode(), "text/plain")
    assert odd.text == "x" + "é" * (plain.HEAD_BYTES // 2 - 1)


def test_nothing_is_empty_and_done_unless_a_stream_was_expected():
    assert fold("/v1/files/f", content_type="", stream=False).kind == "empty"
    assert fold("/v1/files/f", content_type="", stream=False).done
    assert not fold(CHAT, b"", stream=True).done
    assert not fold(CHAT, b"\n\n", stream=True).done


def test_nan_and_large_integers_survive():
    assert plainly(b'{"seed": 123456789012345678901234567890}').body == {
        "seed": 123456789012345678901234567890
    }
    assert plainly(b'{"a": NaN}').kind == "json"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"7", b"true", b"[" * 3000, b"{" * 3000])
def test_other_json_and_deep_nesting_are_harmless(body):
    assert plainly(body).kind in ("json", "text")
