"""Requests and answers of every protocol as one conversation."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app import conversation, folding
from logs_app.conversation import wording
from logs_app.conversation.turns import (
    Call,
    Conversation,
    Data,
    Media,
    Reasoning,
    Refusal,
    Result,
    Text,
    Turn,
)
from logs_app.multipart import Upload

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def asked(request: Any, endpoint: str = CHAT) -> list[Turn]:
    return conversation.read(endpoint, request, None).asked


def answered(response: Any, endpoint: str = CHAT) -> list[Turn]:
    return conversation.read(endpoint, None, response).answered


def chat(**message: Any) -> list[Any]:
    """The parts of the only answer."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    (turn,) = answered({"object": "chat.completion", "choices": [choice]})
    return turn.parts


def message(*content: Any, role: str = "user") -> list[Any]:
    (turn,) = asked({"messages": [{"role": role, "content": list(content)}]})
    return turn.parts


def test_a_chat_has_its_turns_in_order():
    request = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
    response = {"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]}
    turns = conversation.read(CHAT, request, response).turns
    assert [(turn.role, turn.parts[0].text) for turn in turns] == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
    ]
    assert turns[-1].finish_reason == "stop" and turns[-1].choice is None


def test_several_choices_are_alternatives():
    choices = [{"index": number, "message": {"content": f"answer {number}"}} for number in range(3)]
    turns = answered({"choices": choices})
    assert [(turn.choice, turn.parts[0].text) for turn in turns] == [
        (number, f"answer {number}") for number in range(3)
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        ({"type": "thinking", "thinking": "hm", "signature": "x"}, Reasoning("hm")),
        ({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, Reasoning("hm")),
        ({"type": "redacted_thinking", "data": "x"}, Reasoning("")),
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
            Media("image", place="https://a.example/b.png"),
        ),
        ({"type": "input_image", "file_id": "file-1"}, Media("image", place="file-1")),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            Media("image", data=PNG, content_type="image/png"),
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            Media("image", data=PNG, content_type="image/png"),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
            Media("image", place="https://a.example/b.png"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            Media("audio", data="AAAA", content_type="audio/wav"),
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
            Media("file", "a.pdf", data="AAAA", content_type="application/pdf"),
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "words"}},
            Text("words", is_written=False),
        ),
        ({"type": "container_upload", "file_id": "file-2"}, Media("file", place="file-2")),
        ({"type": "hologram", "depth": 3}, Data("hologram", {"type": "hologram", "depth": 3})),
        (17, Data("", 17)),
    ],
    ids=lambda value: value.get("type", "") if isinstance(value, dict) else "",
)
def test_every_type_of_content_is_a_part(part, expected):
    assert message(part) == [expected]


def test_an_answer_in_a_chat_may_think_speak_and_cite():
    url = {"type": "url_citation", "url_citation": {"title": "A", "url": "https://a.example/"}}
    thought, text = chat(reasoning_content="First…", content="So it is.", annotations=[url])
    assert thought == Reasoning("First…", number=0)
    assert text.text == "So it is."
    assert [(citation.title, citation.url) for citation in text.citations] == [("A", "https://a.example/")]


def test_an_answer_in_a_chat_may_be_refused_or_spoken_aloud():
    assert chat(refusal="I cannot.")[0] == Refusal("I cannot.", number=0)
    sound = chat(audio={"id": "audio_1", "data": "AAAA", "transcript": "Hello"})[0]
    assert (sound.form, sound.data, sound.transcript, sound.place) == ("audio", "AAAA", "Hello", "")


def test_what_openrouter_thinks_and_draws_is_read():
    details = [
        {"type": "reasoning.summary", "summary": "Short"},
        {"type": "reasoning.encrypted", "data": "x"},
    ]
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    parts = chat(reasoning_details=details, content="", images=[image])
    assert [(part.kind, getattr(part, "text", "")) for part in parts] == [
        ("reasoning", "Short"),
        ("reasoning", ""),
        ("media", ""),
    ]


def test_results_of_tools_stand_beside_their_calls():
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}},
        {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": ""}},
    ]
    request = {
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": "c2", "content": "12:00"},
            {"role": "tool", "tool_call_id": "c1", "content": '{"degrees": 3}'},
        ]
    }
    turns = asked(request)
    assert [turn.role for turn in turns] == ["user", "assistant"]
    weather, clock = turns[1].parts
    assert (weather.name, wording.of(weather)) == ("weather", '{\n  "city": "Oslo"\n}')
    assert weather.results[0].parts[0].text == '{"degrees": 3}'
    assert clock.results[0].parts == [Text("12:00", is_written=False, number=clock.results[0].number + 1)]


def test_an_id_that_is_used_again_belongs_to_the_call_that_waits():
    call = {"id": "same", "function": {"name": "f"}}
    rounds = [
        each
        for text in ("one", "two")
        for each in (
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "same", "content": text},
        )
    ]
    results = [turn.parts[0].results for turn in asked({"messages": rounds})]
    assert [[result.parts[0].text for result in each] for each in results] == [["one"], ["two"]]


def test_a_result_whose_call_is_not_there_stays_where_it_is():
    (turn,) = asked({"messages": [{"role": "tool", "tool_call_id": "gone", "content": "x"}]})
    assert turn.role == "tool" and isinstance(turn.parts[0], Result)


def test_anthropic_messages_have_their_system_prompt_blocks_and_tools():
    request = {
        "system": [{"type": "text", "text": "Be kind."}],
        "messages": [
            {"role": "user", "content": "?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": "no"},
                    {"type": "text", "text": "Go on."},
                ],
            },
        ],
    }
    response = {"type": "message", "stop_reason": "end_turn", "content": [{"type": "text", "text": "Well."}]}
    turns = conversation.read(MESSAGES, request, response).turns
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant"]
    call = turns[2].parts[0]
    assert isinstance(call, Call) and call.results[0].is_error and call.results[0].parts[0].text == "no"
    assert (turns[3].parts[0].text, turns[4].finish_reason) == ("Go on.", "end_turn")


def test_responses_put_what_one_side_says_in_a_row_into_one_turn():
    request = {
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "?"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "42"},
        ],
    }
    output = [
        {"type": "web_search_call", "id": "w1", "action": {"query": "q"}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It is 42."}]},
    ]
    response = {"object": "response", "status": "completed", "output": output}
    turns = conversation.read(RESPONSES, request, response).turns
    assert [(turn.role, [part.kind for part in turn.parts]) for turn in turns] == [
        ("system", ["text"]),
        ("user", ["text"]),
        ("assistant", ["reasoning", "call"]),
        ("assistant", ["call", "text"]),
    ]
    assert turns[2].parts[1].results[0].parts[0].text == "42"
    assert (turns[3].parts[0].tool, turns[3].parts[0].arguments) == ("web search", {"query": "q"})


def test_an_input_of_one_text_is_the_users():
    (turn,) = asked({"input": "Hello"}, RESPONSES)
    assert (turn.role, turn.parts[0].text) == ("user", "Hello")


def test_a_program_that_ran_shows_what_it_printed():
    item = {"type": "code_interpreter_call", "code": "print(1)", "outputs": [{"type": "logs", "logs": "1\n"}]}
    (turn,) = answered({"object": "response", "output": [item]}, RESPONSES)
    assert turn.parts[0].arguments == "print(1)"


def test_completions_have_prompts_as_text_or_as_tokens():
    assert asked({"prompt": "Once"}, "/v1/completions")[0].parts == [Text("Once", is_written=False)]
    (part,) = asked({"prompt": [1, 2, 3]}, "/v1/completions")[0].parts
    assert isinstance(part, Data)
    assert answered({"choices": [{"text": " upon"}]}, "/v1/completions")[0].parts[0].text == " upon"


def test_probabilities_of_tokens_come_with_what_else_was_likely():
    likely = [{"token": "Hi", "logprob": 0.0}, {"token": "Ho", "logprob": -3.0}]
    entry = {"token": "Hi", "logprob": 0.0, "top_logprobs": likely}
    choice = {"message": {"content": "Hi"}, "logprobs": {"content": [entry, {"token": "!", "logprob": "x"}]}}
    (turn,) = answered({"choices": [choice]})
    assert (turn.tokens[0].probability, [text for text, _ in turn.tokens[0].others]) == (1.0, ["Ho"])
    assert turn.tokens[1].probability == 0.0


def test_pictures_that_were_made_are_shown_with_the_prompt_that_made_them():
    body = {"data": [{"b64_json": PNG, "revised_prompt": "A cat"}, {"url": "https://a.example/cat.png"}]}
    read = conversation.read("/v1/images/generations", {"prompt": "cat", "size": "1024x1024"}, body)
    assert read.options == {"size": "1024x1024"}
    first, text, second = read.answered[0].parts
    assert (first.data, text.text, second.place) == (PNG, "A cat", "https://a.example/cat.png")


def test_speech_is_a_sound_and_a_transcript_a_text_beside_the_upload():
    spoken = conversation.read(
        "/v1/audio/speech",
        {"input": "Hi", "voice": "alloy"},
        {"base64": "AAAA", "content_type": "audio/mpeg"},
    )
    assert spoken.answered[0].parts == [Media("audio", data="AAAA", content_type="audio/mpeg", number=1)]
    fields = {"model": "whisper-1", "file": {"type": "file", "filename": "a.wav"}}
    heard = conversation.read(
        "/v1/audio/transcriptions", fields, {"text": "Hello"}, [Upload("a.wav", "audio/wav", b"RIFF")]
    )
    assert (heard.asked[0].parts[0].content, heard.answered[0].parts[0].text) == (b"RIFF", "Hello")


def test_answers_that_are_no_conversation_have_a_title():
    body = {"data": [{"embedding": [0.1] * 100}]}
    read = conversation.read("/v1/embeddings", {"input": ["a", "b"]}, body)
    assert [part.text for part in read.asked[0].parts] == ["a", "b"]
    (data,) = read.answered[0].parts
    assert data.title == "1 embedding of 100 numbers"
    assert len(wording.of(data)) < 300


def test_an_error_says_what_it_says():
    (turn,) = answered({"error": {"message": "No.", "code": "nope"}})
    assert (turn.role, turn.parts[0].text) == ("error", "No.")
    assert answered("<html>502</html>")[0].parts[0] == Text("<html>502</html>", is_written=False)


def test_tools_and_options_stand_beside_the_words():
    request = {
        "model": "m",
        "messages": [],
        "temperature": 0,
        "stop": None,
        "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "web_search"}],
    }
    read = conversation.read(CHAT, request, None)
    assert read.options == {"temperature": 0}
    assert [tool.title for tool in read.tools] == ["f", "web_search"]


def test_each_part_has_a_number_of_its_own():
    request = {
        "messages": [
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "r"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    read = conversation.read(CHAT, request, None)
    assert [(part.number, part.kind) for part in read.parts] == [
        (0, "call"),
        (1, "result"),
        (2, "text"),
        (3, "data"),
    ]


NAME_LINES = """
role content type text messages input output choices message tool_calls function name arguments id
tool_use_id call_id image_url url source data audio refusal annotations system prompt tools error
logprobs top_logprobs token logprob summary results outputs
"""
NAMES = st.sampled_from(NAME_LINES.split())
WORDS = st.sampled_from(
    ["user", "assistant", "tool", "tool_use", "tool_result", "image", "file", "message", "function_call",
     "function_call_output", "reasoning", "data:image/png;base64,AA", "chat.completion", "response", "", "x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)


def check(read: Conversation) -> None:
    assert [part.number for part in read.parts] == list(range(len(read.parts)))
    for part in read.parts:
        assert isinstance(wording.of(part), str)


@given(
    VALUES, VALUES, st.sampled_from([CHAT, RESPONSES, MESSAGES, "/v1/images/generations", "/v1/audio/x", ""])
)
def test_whatever_was_said_is_a_conversation(request, response, endpoint):
    check(conversation.read(endpoint, request, response))


def test_a_body_without_end_is_a_conversation():
    deep: Any = "x"
    for _ in range(500):
        deep = {"role": "user", "type": "tool_result", "content": [deep]}
    check(conversation.read(CHAT, {"messages": [deep]}, {"output": [deep]}))


def recordings() -> list[Path]:
    folder = os.environ.get("RECORDED_EXCHANGES", "")
    return sorted(Path(folder).glob("*.json")) if folder else []


@pytest.mark.skipif(not recordings(), reason="RECORDED_EXCHANGES is not set: no recorded exchanges to read")
def test_every_recorded_exchange_is_read():
    unread = []
    for path in recordings():
        recording = json.loads(path.read_text())
        request, response = recording["request"] or {}, recording["response"]
        folder = folding.start(
            recording["path"],
            response["status"],
            response["headers"].get("content-type", ""),
            recording["stream"],
        )
        encoded = response.get("body_b64")
        folder.feed(base64.b64decode(encoded) if encoded else (response["body"] or "").encode())
        folded = folder.finish()
        said = folded.body if folded.body is not None else folded.text
        read = conversation.read(recording["path"], loaded(request.get("body")), said)
        check(read)
        if response["status"] == 200 and recording["kind"] in ("chat", "completions", "messages"):
            is_spoken = [part for turn in read.answered for part in turn.parts if not isinstance(part, Data)]
            if not is_spoken and said is not None:
                unread.append(path.stem)
    assert len(unread) <= 6, unread  # answers that say nothing: cut at once, or filtered


def loaded(body: Any) -> Any:
    try:
        return json.loads(body)
    except (TypeError, ValueError):
        return body
