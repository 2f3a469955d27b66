"""The properties that hold for every protocol: chunking, framing, prefixes, hostile bytes."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app import folding
from tests.logs_app.folds import CHAT, COMPLETIONS, DONE, MESSAGES, RESPONSES, chunk, fold, sse

TEXT = "Grüße 漢字 😀\r\n\u2028 end"
BASE = {"id": "r", "object": "response", "model": "m", "status": "in_progress", "output": []}
EVENTS = {
    CHAT: [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": letter}) for letter in TEXT),
        chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": '{"é"'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
        chunk({}, finish_reason="stop", usage={"total_tokens": 3}),
        DONE,
    ],
    COMPLETIONS: [
        *({"object": "text_completion", "choices": [{"text": letter}]} for letter in TEXT),
        DONE,
    ],
    RESPONSES: [
        {"type": "response.created", "response": BASE},
        *(
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": letter}
            for letter in TEXT
        ),
        {"type": "response.completed", "response": {**BASE, "status": "completed"}},
    ],
    MESSAGES: [
        {"type": "message_start", "message": {"id": "m", "type": "message", "content": []}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": letter}}
            for letter in TEXT
        ),
        {"type": "message_stop"},
    ],
}
STREAMS = {path: sse(*events) for path, events in EVENTS.items()}
WHOLE = {path: fold(path, stream) for path, stream in STREAMS.items()}
paths = st.sampled_from(sorted(STREAMS))


def text_of(folded: folding.Folded) -> str:
    body = folded.body
    if not body:
        return ""
    match folded.kind:
        case "chat":
            return (body["choices"][0]["message"]["content"] or "") if body["choices"] else ""
        case "completion":
            return body["choices"][0]["text"] if body["choices"] else ""
        case "response":
            return body["output"][0]["content"][0]["text"] if body["output"] else ""
    return body["content"][0]["text"] if body["content"] else ""


@pytest.mark.parametrize("path", STREAMS)
def test_every_protocol_folds_to_the_text_and_is_done(path):
    assert text_of(WHOLE[path]) == TEXT
    assert WHOLE[path].done
    assert WHOLE[path].saw_token


@given(paths, st.lists(st.integers(0, 10_000), max_size=30))
def test_any_chunking_gives_the_same(path, places):
    stream = STREAMS[path]
    cuts = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    parts = [stream[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
    assert fold(path, *parts) == WHOLE[path]


@pytest.mark.parametrize("path", STREAMS)
def test_single_bytes_give_the_same(path):
    stream = STREAMS[path]
    assert fold(path, *(stream[i : i + 1] for i in range(len(stream)))) == WHOLE[path]


@st.composite
def reframed(draw):
    """The same events in another dress, cut somewhere."""
    path = draw(paths)
    end = draw(st.sampled_from([b"\n", b"\r", b"\r\n"]))
    colon = draw(st.sampled_from([b":", b": "]))
    lines = []
    for event in EVENTS[path]:
        if draw(st.booleans()):
            lines += [draw(st.sampled_from([b": ping", b":", b"id: 7", b"retry: 5", b"unknown: x"]))]
        if isinstance(event, dict) and "type" in event and draw(st.booleans()):
            lines.append(b"event" + colon + event["type"].encode())
        indent = draw(st.sampled_from([None, 1]))
        data = (
            event
            if isinstance(event, str)
            else json.dumps(event, ensure_ascii=draw(st.booleans()), indent=indent)
        )
        lines += [b"data" + colon + line.encode() for line in data.split("\n")]
        lines += [b""] * draw(st.integers(1, 2))
    stream = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + end.join(lines) + end
    cut = draw(st.integers(0, len(stream)))
    return path, [stream[:cut], stream[cut:]]


@given(reframed())
def test_any_framing_gives_the_same(dressed):
    path, parts = dressed
    assert fold(path, *parts) == WHOLE[path]


@pytest.mark.parametrize("path", STREAMS)
def test_every_prefix_is_an_unfinished_object_with_a_prefix_of_the_text(path):
    stream = STREAMS[path].removesuffix(b"\n\n")
    for end in range(len(stream)):
        folded = fold(path, stream[:end])
        assert TEXT.startswith(text_of(folded))
        assert not folded.done
        assert folded.parse_errors == 0


def test_the_last_event_counts_without_its_blank_line_when_it_is_whole():
    stream = sse(chunk({"content": "a"}), chunk({"content": "b"}))
    assert text_of(fold(CHAT, stream.rstrip())) == "ab"
    assert text_of(fold(CHAT, stream.rstrip()[:-1])) == "a"
    assert fold(CHAT, stream + b"data: [DONE]").done
    assert not fold(CHAT, stream + b"data: [DON").done


def test_nothing_after_done_counts():
    folded = fold(CHAT, sse(chunk({"content": "a"}), "[DONE] bye", chunk({"content": "b"})), sse(chunk({})))
    assert text_of(folded) == "a"
    assert folded.chunks == 1


def test_an_event_that_is_not_json_is_skipped_and_counted():
    folded = fold(CHAT, sse(chunk({"content": "a"}), "{broken", "", chunk({"content": "b"}), "nope"))
    assert (text_of(folded), folded.chunks, folded.parse_errors) == ("ab", 2, 2)


def test_json_that_is_no_object_is_skipped():
    folded = fold(CHAT, sse("7", "null", "[]", '"x"', chunk({"content": "a"})))
    assert (text_of(folded), folded.chunks, folded.parse_errors) == ("a", 1, 0)


def test_a_token_is_seen_with_the_first_part_that_holds_one():
    folder = folding.start(CHAT, 200, "text/event-stream", True)
    folder.feed(sse(chunk({"role": "assistant", "content": ""})))
    assert not folder.saw_token
    folder.feed(sse(chunk({"content": "a"})))
    assert folder.saw_token


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "a"},
        {"refusal": "a"},
        {"tool_calls": [{"index": 0, "function": {"name": "f"}}]},
        {"function_call": {"name": "f"}},
        {"audio": {"data": "AAAA"}},
    ],
)
def test_reasoning_refusals_calls_and_sound_are_tokens(delta):
    assert fold(CHAT, sse(chunk(delta))).saw_token


def test_finishing_twice_gives_the_same():
    folder = folding.start(CHAT, 200, "text/event-stream", True)
    folder.feed(sse(chunk({"content": "a"})))
    assert folder.finish() is folder.finish()


KEYS = """
type object id index model created usage choices delta message content text error tool_calls function name
arguments logprobs audio data role output_index content_index item part response output content_block
partial_json summary_index annotation finish_reason sequence_number
"""
hostile_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6)
    ),
    max_leaves=30,
)
event_types = st.sampled_from(
    [
        None,
        "response.created",
        "response.output_item.added",
        "response.output_text.delta",
        "response.content_part.added",
        "response.function_call_arguments.delta",
        "response.output_text.annotation.added",
        "response.completed",
        "message_start",
        "content_block_start",
        "content_block_delta",
        "message_delta",
        "error",
        "image_generation.completed",
        "transcript.text.delta",
        "speech.audio.delta",
    ]
)


@given(
    st.sampled_from([*STREAMS, "/v1/images/edits", "/v1/audio/speech", "/v1/audio/transcriptions", "/x"]),
    st.lists(st.tuples(event_types, hostile_json), max_size=6),
)
def test_hostile_events_never_raise(path, events):
    def named(kind, event):
        return {**event, "type": kind} if kind and isinstance(event, dict) else event

    payloads = [json.dumps(named(kind, event)) for kind, event in events]
    folded = fold(path, sse(*payloads, DONE))
    assert folded.chunks <= len(events)


@given(st.binary(max_size=200), st.sampled_from(["text/event-stream", "application/json", "", "text/plain"]))
def test_hostile_bytes_never_raise(data, content_type):
    for stream in (True, False):
        assert fold(CHAT, data, b"data: " + data, content_type=content_type, stream=stream).kind


def test_an_event_of_an_impossible_shape_is_counted_and_the_others_still_count():
    folded = fold(RESPONSES, b'data: {"type": ["x"], "response": {}}\n\n', STREAMS[RESPONSES])
    assert (text_of(folded), folded.done, folded.parse_errors) == (TEXT, True, 1)


def test_a_stream_of_nothing_but_comments_is_an_empty_object():
    folded = fold(CHAT, b": OPENROUTER PROCESSING\n\n" * 3)
    assert (folded.kind, folded.body["choices"], folded.done, folded.chunks) == ("chat", [], False, 0)


@pytest.mark.parametrize("path", STREAMS)
def test_deep_nesting_never_raises(path):
    deep = '{"choices":[{"delta":{"content":' + "[" * 900 + "]" * 900 + "}}]}"
    abyss = '{"type":"content_block_delta","delta":' + '{"a":' * 5000 + "1" + "}" * 5001
    folded = fold(path, sse(deep, abyss, chunk({"content": "a"})))
    assert folded.parse_errors == 1


def test_five_megabytes_in_one_event_and_a_hundred_thousand_events_are_fast():
    huge = sse(chunk({"content": "x" * 5_000_000}))
    many = sse(chunk({"content": "x"})) * 100_000
    started = time.perf_counter()
    assert len(text_of(fold(CHAT, *(huge[i : i + 4096] for i in range(0, len(huge), 4096))))) == 5_000_000
    assert len(text_of(fold(CHAT, *(many[i : i + 65536] for i in range(0, len(many), 65536))))) == 100_000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "delta",
    [
        {"tool_calls": [{"index": 0, "function": {"name": "ab", "arguments": "x" * 10}}]},
        {"tool_calls": [{"id": "a", "function": {"arguments": "x"}}]},
        {"content": [{"type": "text", "text": "x"}]},
        {"annotations": [{"a": 1}], "reasoning_details": [{"index": 0, "text": "x"}]},
    ],
)
def test_twenty_thousand_fragments_of_any_kind_are_not_quadratic(delta):
    stream = sse(chunk(delta)) * 20_000
    started = time.perf_counter()
    assert fold(CHAT, stream).chunks == 20_000
    assert time.perf_counter() - started < 3
