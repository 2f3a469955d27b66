from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.delivery.framing import HELD_BYTES, Framer
from proxy.delivery.renaming import Renaming

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
MESSAGES = "/v1/messages"
IMAGES = "/v1/images/generations"

EOLS = [b"\n", b"\r\n", b"\r"]
USAGE_CHUNK = '{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'


def event(data: str, eol: bytes = b"\n", name: str = "") -> bytes:
    lines = ([f"event: {name}"] if name else []) + [f"data: {line}" for line in data.split("\n")]
    return eol.join(line.encode() for line in lines) + eol + eol


def chunk(text: str = "hi", **extra: object) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}, **extra}]}, ensure_ascii=False)


def feed_all(framer: Framer, parts: list[bytes]) -> list[bytes]:
    return [framer.feed(part) for part in parts] + [framer.finish()]


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[bytes, bool]]:
    """Events with their bytes, and whether each is the usage chunk we asked for."""
    words = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=12)
    made = []
    for _ in range(draw(st.integers(0, 8))):
        eol = draw(st.sampled_from(EOLS))
        kind = draw(st.sampled_from(["chunk", "usage", "azure", "usage beside choices", "comment", "free"]))
        text = draw(words)
        data = {
            "chunk": event(chunk(text), eol),
            "usage": event(USAGE_CHUNK, eol, name=draw(st.sampled_from(["", "message"]))),
            "azure": event('{"choices":[],"prompt_filter_results":[{"usage":1}]}', eol),
            "usage beside choices": event('{"choices":[{"delta":{}}],"usage":{"total_tokens":3}}', eol),
            "comment": b": " + text.encode() + eol + eol,
            "free": b"id: 1" + eol + event(text, eol),
        }[kind]
        made.append((data, kind == "usage"))
    return made


@st.composite
def cut_up(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@given(st.data())
def test_any_cutting_of_any_mix_of_line_ends_forwards_the_same_bytes_without_the_hidden_events(data) -> None:
    events = data.draw(streams())
    parts = data.draw(cut_up(b"".join(one for one, _ in events)))
    framer = Framer(CHAT, hide_usage=True)
    forwarded = b"".join(feed_all(framer, parts))
    assert forwarded == b"".join(one for one, is_hidden in events if not is_hidden)
    assert framer.hid_usage == any(is_hidden for _, is_hidden in events)


@given(st.data())
def test_a_client_only_ever_has_whole_events(data) -> None:
    events = [one for one, _ in data.draw(streams())]
    ends = {0}
    for one in events:
        ends.add(max(ends) + len(one))
    framer = Framer(CHAT)
    had = 0
    for part in data.draw(cut_up(b"".join(events))):
        had += len(framer.feed(part))
        assert had in ends


@given(st.data())
@settings(max_examples=30)
def test_an_event_too_big_to_hold_passes_unchanged_and_framing_resumes_after_it(data) -> None:
    eol = data.draw(st.sampled_from(EOLS))
    big = event(chunk("x" * (HELD_BYTES + data.draw(st.integers(0, 9)))), eol)
    small = event(chunk("small"), eol)
    parts = data.draw(cut_up(big + small + small[:-1]))
    framer = Framer(CHAT)
    forwarded = b"".join(framer.feed(part) for part in parts)
    assert forwarded == big + small
    assert framer.is_between_events


def test_a_whole_event_is_forwarded_at_once() -> None:
    assert Framer(CHAT).feed(event(chunk())) == event(chunk())


def test_half_an_event_waits_for_its_end() -> None:
    framer = Framer(CHAT)
    assert framer.feed(event(chunk("one")) + b"data: {") == event(chunk("one"))
    assert framer.feed(b"}\n") == b""
    assert framer.feed(b"\n") == b"data: {}\n\n"


def test_the_tail_of_a_cut_stream_is_dropped() -> None:
    framer = Framer(CHAT)
    forwarded = framer.feed(event(chunk("one")) + event(chunk("two"))[:20])
    assert forwarded == event(chunk("one"))
    assert framer.is_between_events


def test_held_bytes_are_bounded() -> None:
    framer = Framer(CHAT)
    start = b"data: " + b"x" * (HELD_BYTES - 6)
    assert framer.feed(start) == b""
    assert framer.feed(b"x") == start + b"x"
    assert framer.feed(b"y" * 10) == b"y" * 10
    assert not framer.is_between_events


def test_the_end_of_a_big_event_is_seen_across_parts() -> None:
    framer = Framer(CHAT)
    framer.feed(b"data: " + b"x" * HELD_BYTES + b"\n")
    assert not framer.is_between_events
    framer.feed(b"\n")
    assert framer.is_between_events
    assert framer.feed(b"data: half") == b""


def test_five_megabytes_in_one_event_pass() -> None:
    big = event(chunk("x" * 5_000_000))
    parts = [big[start : start + 65536] for start in range(0, len(big), 65536)]
    framer = Framer(CHAT)
    forwarded = b"".join(framer.feed(part) for part in [*parts, event("[DONE]")])
    assert forwarded == big + event("[DONE]")
    assert framer.is_terminated


def test_blank_lines_that_keep_the_connection_alive_pass_at_once() -> None:
    assert Framer(CHAT).feed(b"\n") == b"\n"


def test_only_an_event_with_usage_and_without_choices_is_hidden() -> None:
    framer = Framer(CHAT, hide_usage=True)
    stays = [
        '{"choices":[{"delta":{}}],"usage":{"total_tokens":3}}',
        '{"choices":[],"prompt_filter_results":[]}',
        '{"choices":[],"usage":null}',
        '["choices"]',
        '[{"choices":[],"usage":{}}]',
    ]
    for data in stays:
        assert framer.feed(event(data)) == event(data)
    assert not framer.hid_usage
    assert framer.feed(event(USAGE_CHUNK)) == b""
    assert framer.hid_usage


def test_spaces_in_the_usage_chunk_do_not_save_it() -> None:
    data = '{ "usage" : {"total_tokens": 1 }, "choices" : [ ] }'
    assert Framer(CHAT, hide_usage=True).feed(event(data)) == b""


def test_usage_nobody_asked_to_hide_stays() -> None:
    framer = Framer(CHAT)
    assert framer.feed(event(USAGE_CHUNK)) == event(USAGE_CHUNK)
    assert not framer.hid_usage


def test_a_usage_chunk_without_a_final_blank_line_is_hidden_too() -> None:
    framer = Framer(CHAT, hide_usage=True)
    assert framer.feed(f"data: {USAGE_CHUNK}".encode()) == b""
    assert framer.finish() == b""
    assert framer.hid_usage


LAST_EVENTS = {
    "chat": (CHAT, event("[DONE]")),
    "chat with CRLF": (CHAT, event("[DONE]", b"\r\n")),
    "chat with CR": (CHAT, event("[DONE]", b"\r")),
    "completions": ("/v1/completions", event("[DONE]")),
    "responses": (RESPONSES, event('{"type":"response.completed","response":{}}', name="response.completed")),
    "responses incomplete": (RESPONSES, event('{"type":"response.incomplete"}')),
    "responses failed": (RESPONSES, event('{"type":"response.failed"}')),
    "responses, type last": (RESPONSES, event('{"sequence_number": 9, "type": "response.completed"}')),
    "responses with [DONE]": (RESPONSES, event("[DONE]")),
    "messages": (MESSAGES, event('{"type":"message_stop"}', name="message_stop")),
}


@pytest.mark.parametrize(("path", "last"), LAST_EVENTS.values(), ids=LAST_EVENTS)
def test_the_last_event_of_a_protocol_ends_the_answer(path: str, last: bytes) -> None:
    framer = Framer(path)
    assert not framer.is_whole
    assert framer.feed(last) == last
    assert framer.is_terminated
    assert framer.is_whole


ERRORS = {
    "chat": (CHAT, event('{"error":{"message":"m"}}')),
    "chat with a space": (CHAT, event('{ "error" : {"message":"m"}}')),
    "groq": (CHAT, event('{"error":{"message":"m"}}', name="error")),
    "openrouter": (CHAT, event('{"id":"g","error":{"code":500},"choices":[{"finish_reason":null}]}')),
    "responses": (RESPONSES, event('{"type":"error","code":"x"}', name="error")),
    "messages": (MESSAGES, event('{"type":"error","error":{"type":"overloaded_error"}}', name="error")),
}


@pytest.mark.parametrize(("path", "error"), ERRORS.values(), ids=ERRORS)
def test_an_error_event_of_the_provider_ends_the_answer(path: str, error: bytes) -> None:
    framer = Framer(path)
    assert framer.feed(error) == error
    assert framer.is_terminated


FORGERIES = {
    "chat": (CHAT, event(chunk('data: [DONE]\n\nevent: error\n"finish_reason":"stop" "error":{'))),
    "responses": (
        RESPONSES,
        event(json.dumps({"type": "response.output_text.delta", "delta": '"type":"response.completed"'})),
    ),
    "messages": (
        MESSAGES,
        event(json.dumps({"type": "message_start", "text": 'event: message_stop {"type":"message_stop"}'})),
    ),
}


@pytest.mark.parametrize(("path", "forged"), FORGERIES.values(), ids=FORGERIES)
def test_what_the_model_says_cannot_end_the_answer(path: str, forged: bytes) -> None:
    framer = Framer(path)
    framer.feed(forged)
    assert not framer.is_whole


def test_a_big_event_cut_up_at_a_forged_line_does_not_end_the_answer() -> None:
    framer = Framer(CHAT)
    framer.feed(b'data: {"choices":["' + b"x" * HELD_BYTES)
    framer.feed(b"data: [DONE]")
    assert not framer.is_terminated


def test_a_last_event_too_big_to_hold_counts_only_when_it_is_complete() -> None:
    framer = Framer(RESPONSES)
    framer.feed(b'event: response.completed\ndata: {"type":"response.completed","x":"' + b"x" * HELD_BYTES)
    assert not framer.is_terminated
    framer.feed(b'"}\n\n')
    assert framer.is_terminated


def test_a_finish_reason_makes_a_clean_end_without_done_whole() -> None:
    framer = Framer(CHAT)
    framer.feed(event(chunk(finish_reason="stop")))
    assert framer.is_whole
    assert not framer.is_terminated


def test_usage_alone_does_not_make_a_clean_end_whole() -> None:
    framer = Framer(CHAT)
    framer.feed(
        event('{"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":{"total_tokens":1}}')
    )
    assert not framer.is_whole


def test_a_message_is_not_whole_because_its_start_carries_usage() -> None:
    framer = Framer(MESSAGES)
    framer.feed(event('{"type":"message_start","message":{"usage":{"input_tokens":1}}}'))
    assert not framer.is_whole


def test_a_stream_that_ends_before_its_first_event_is_not_whole() -> None:
    framer = Framer(CHAT)
    framer.feed(b": keep-alive\n\n")
    assert not framer.is_whole


def test_a_language_of_their_own_may_end_when_it_likes() -> None:
    framer = Framer("/v1/completions")
    framer.feed(event('{"value":" it"}') + event('{"value":"!"}'))
    assert framer.is_whole


def test_streams_of_other_endpoints_may_end_when_they_like() -> None:
    framer = Framer(IMAGES)
    framer.feed(event('{"type":"image_generation.partial_image"}'))
    assert framer.is_whole


def test_a_last_event_without_its_blank_line_is_forwarded_at_a_clean_end() -> None:
    framer = Framer(CHAT)
    assert framer.feed(b"data: [DONE]") == b""
    assert framer.finish() == b"data: [DONE]"
    assert framer.is_terminated


def test_our_error_event_continues_the_numbers_of_a_response() -> None:
    framer = Framer(RESPONSES)
    assert framer.next_sequence_number == 0
    framer.feed(event('{"type":"response.created","sequence_number":0}'))
    framer.feed(event('{"type":"response.output_text.delta","sequence_number": 41}') + b": comment\n\n")
    assert framer.next_sequence_number == 42
    framer.feed(b": keep-alive\n\n")
    assert framer.next_sequence_number == 42


def test_slices_of_one_byte_are_put_together() -> None:
    big = event(chunk("x" * (HELD_BYTES - 1000)))
    framer = Framer(CHAT)
    assert b"".join(framer.feed(big[i : i + 1]) for i in range(len(big))) == big


RENAMING = Renaming("sent", "asked")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (CHAT, '{"id":"c","model":"%s","choices":[{"delta":{"content":"\\"model\\":\\"sent\\""}}]}'),
        (
            RESPONSES,
            '{"type":"response.created","response":{"id":"r","model":"%s","tools":[{"model":"sent"}]}}',
        ),
        (MESSAGES, '{"type":"message_start","message":{"id":"m","model":"%s"}}'),
    ],
)
def test_the_name_of_the_model_is_turned_back_in_every_event(path: str, data: str) -> None:
    framer = Framer(path, renaming=RENAMING)
    stream = b"".join(event(data % "sent", eol) for eol in EOLS) + event('{"other":1}')
    wanted = b"".join(event(data % "asked", eol) for eol in EOLS) + event('{"other":1}')
    assert b"".join(feed_all(framer, [stream[:50], stream[50:90], stream[90:]])) == wanted
    assert framer.has_renamed


def test_the_name_is_turned_back_in_an_event_too_big_to_hold() -> None:
    big = '{"type":"response.completed","response":{"instructions":"%s","model":"%s","output":"%s"}}'
    filling = "x" * HELD_BYTES
    stream = event(big % (filling, "sent", filling)) + event('{"response":{"model":"sent"}}')
    framer = Framer(RESPONSES, renaming=RENAMING)
    parts = [stream[start : start + 5000] for start in range(0, len(stream), 5000)]
    wanted = event(big % (filling, "asked", filling)) + event('{"response":{"model":"asked"}}')
    assert b"".join(feed_all(framer, parts)) == wanted
    assert framer.has_renamed


def test_a_name_that_is_not_the_one_we_sent_stays() -> None:
    framer = Framer(CHAT, renaming=RENAMING)
    stream = event('{"model":"sent-2024","choices":[]}')
    assert framer.feed(stream) == stream
    assert not framer.has_renamed
