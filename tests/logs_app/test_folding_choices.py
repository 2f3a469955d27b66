import pytest

from logs_app.folding.choices import is_usage_only
from tests.logs_app.folds import CHAT, DONE, chat, chunk, fold, sse

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_placeholders_of_a_first_chunk_do_not_win():
    azure = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [1]}
    body = chat(azure, chunk({"content": "a"})).body
    assert (body["id"], body["created"], body["model"]) == ("chatcmpl-1", 1700000000, "gpt-4o")
    assert body["prompt_filter_results"] == [1]


def test_the_first_identity_wins():
    assert chat(chunk({}), chunk({}, id="other", model="other")).body["id"] == "chatcmpl-1"


def test_an_identity_that_is_always_empty_stays_empty():
    body = chat(chunk({}, id="", created=0, model=""), DONE).body
    assert (body["id"], body["created"], body["model"]) == ("", 0, "")


def test_unknown_keys_keep_their_last_value_that_is_not_null():
    body = chat(chunk({}, provider="A", citations=[1]), chunk({}, provider="B", citations=None)).body
    assert (body["provider"], body["citations"]) == ("B", [1])


def test_padding_and_echoes_are_dropped():
    body = chat(chunk({}, obfuscation="xxxx", stream_options={"include_usage": True})).body
    assert "obfuscation" not in body
    assert "stream_options" not in body


@pytest.mark.parametrize(
    "last",
    [
        chunk({}, usage=USAGE, choices=[]),
        chunk({"content": ""}, usage=USAGE),
        chunk({}, finish_reason="stop", usage=USAGE),
    ],
    ids=["no choices", "a choice after the finish", "the finish"],
)
def test_usage_comes_in_any_last_chunk(last):
    folded = chat(chunk({"content": "a"}, usage=None), last, chunk({}, usage=None), DONE)
    assert folded.body["usage"] == folded.usage == USAGE


def test_cumulative_usages_are_not_added():
    """DeepSeek repeats the running total in every chunk."""
    assert chat(chunk({}, usage={"total_tokens": 1}), chunk({}, usage=USAGE)).usage == USAGE


def test_usage_that_only_groqs_own_field_has_stays_there():
    folded = chat(chunk({}, x_groq={"id": "req", "usage": USAGE}))
    assert folded.body["usage"] is None
    assert folded.body["x_groq"]["usage"] == USAGE
    assert folded.usage == USAGE


def test_choices_interleave_and_are_sorted_by_index():
    folded = chat(
        chunk({"content": "b"}, index=1),
        chunk({"content": "a"}, index=0),
        chunk({"content": "B"}, index=1, finish_reason="length"),
        chunk({"content": "A"}, index=0, finish_reason="stop"),
    )
    assert [choice["message"]["content"] for choice in folded.body["choices"]] == ["aA", "bB"]
    assert folded.finish_reason == "stop"


def test_a_choice_without_index_is_the_first():
    folded = chat({**chunk(), "choices": [{"delta": {"content": "a"}}]})
    assert folded.body["choices"][0]["index"] == 0


def test_choices_that_are_null_are_none():
    assert chat({**chunk(), "choices": None}, chunk({"content": "a"})).parse_errors == 0


def test_an_error_beside_choices_is_kept_apart_and_the_rest_is_merged():
    """As OpenRouter sends it, with usage and [DONE]."""
    error = {"code": 400, "message": "Token limit reached"}
    folded = chat(chunk({"content": "a"}), chunk({"content": "b"}, error=error, usage=USAGE), DONE)
    assert folded.error == error
    assert "error" not in folded.body
    assert folded.body["choices"][0]["message"]["content"] == "ab"
    assert folded.usage == USAGE
    assert folded.done


def test_an_error_event_ends_a_stream_without_done():
    """As Groq sends it."""
    error = {"message": "Tool call validation failed", "code": "tool_use_failed", "status_code": 400}
    stream = sse(chunk({"content": "a"})) + b"event: error\n" + sse({"error": error})
    folded = fold(CHAT, stream)
    assert folded.error == error
    assert not folded.done


def test_an_error_may_be_a_string_and_the_first_one_counts():
    assert chat({"error": "overloaded"}, {"error": {"message": "again"}}).error == "overloaded"


def test_an_error_may_be_the_whole_event():
    error = {"object": "error", "message": "too long", "code": 400}
    assert chat(error).error == error
    assert fold(CHAT, b'event: error\ndata: {"message": "no"}\n\n').error == {"message": "no"}


def test_a_null_error_is_none():
    assert chat(chunk({"content": "a"}, error=None)).error is None


@pytest.mark.parametrize(
    ("event", "is_one"),
    [
        (b'data: {"choices":[],"usage":{}}\n\n', True),
        (b'event: x\r\ndata:{"choices": [],\r\ndata: "usage": {"total_tokens": 7}}\r\n\r\n', True),
        (b'data: {"choices":[],"usage":{}}', True),
        (b'data: {"choices":[{}],"usage":{}}\n\n', False),
        (b'data: {"choices":[],"usage":null}\n\n', False),
        (b'data: {"choices":[],"usage":{\n\n', False),
        (b": a comment\n\n", False),
    ],
)
def test_the_chunk_that_has_only_the_usage_is_known(event, is_one):
    assert is_usage_only(event) is is_one
