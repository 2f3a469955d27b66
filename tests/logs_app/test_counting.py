import base64
import socket
import struct
import time

import pytest

from logs_app.assembly.usage import Usage
from logs_app.counting import count_text, estimate
from logs_app.folding import Folded

QUESTION = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Tell me a joke about opentelemetry"}],
}


def answer(text="Why did it?", model="gpt-4o-2024-08-06", **message):
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    return Folded("chat", {"choices": [choice]}, model=model)


def prompt(messages, model="gpt-4o", **more):
    return estimate({"model": model, "messages": messages, **more}, answer(model=model)).prompt


def user(content, **more):
    return {"role": "user", "content": content, **more}


def test_a_chat_is_counted_as_openai_bills_it():
    """3 for the message, 1 for its role, 9 for its text, 3 for the start of the reply."""
    assert estimate(QUESTION, answer()) == Usage(prompt=16, completion=4, total=20, estimated=True)


def test_counting_opens_no_connection(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert count_text("Hello", "gpt-4o") == count_text("Hello", "gpt-4") == 1


def test_a_name_costs_one_token_more_than_its_text():
    assert prompt([user("Hi", name="Al")]) == prompt([user("Hi")]) + 1 + count_text("Al", "gpt-4o")


def test_reasoning_models_bill_one_token_less():
    assert prompt([user("Hi")], model="gpt-5") == prompt([user("Hi")], model="gpt-4o") - 1


def test_special_tokens_in_a_text_are_text():
    assert count_text("<|endoftext|>", "gpt-4o") > 1


def test_the_model_of_the_answer_chooses_the_encoding_and_else_that_of_the_request():
    text = "漢字仮名交じり文" * 10
    by_answer = estimate({"model": "alias", "messages": []}, answer(text, model="gpt-4")).completion
    by_request = estimate({"model": "gpt-4", "messages": []}, answer(text, model=None)).completion
    assert by_answer == by_request == count_text(text, "gpt-4") != count_text(text, "gpt-4o")


def test_legacy_completions():
    folded = Folded(
        "completion", {"choices": [{"text": " there was"}, {"text": " a king"}]}, model="davinci-002"
    )
    assert estimate({"prompt": "Once upon a time"}, folded) == Usage(4, 4, 8, estimated=True)


@pytest.mark.parametrize(
    ("given", "tokens"),
    [("Tell me", 2), (["Tell me", "more"], 3), ([1, 2, 3], 3), ([[1, 2], [3]], 3)],
)
def test_embeddings_count_texts_and_tokens(given, tokens):
    folded = Folded("embedding", {"data": []}, model="text-embedding-3-small")
    assert estimate({"input": given}, folded) == Usage(prompt=tokens, total=tokens, estimated=True)


def test_responses_with_a_string_or_items():
    folded = Folded(
        "response", {"output": [{"type": "message", "content": [{"text": "Paris"}]}]}, model="gpt-4o"
    )
    by_text = estimate({"input": "What is the capital of France?"}, folded)
    by_item = estimate(
        {"input": [user([{"type": "input_text", "text": "What is the capital of France?"}])]}, folded
    )
    assert by_text == by_item == Usage(prompt=14, completion=1, total=15, estimated=True)


def test_instructions_and_system_are_a_message():
    assert prompt([user("Hi")], system="Be brief") == prompt(
        [{"role": "system", "content": "Be brief"}, user("Hi")]
    )
    plain = estimate({"input": "Hi", "instructions": "Be brief"}, Folded("response", {"output": []}))
    assert plain.prompt == prompt([{"role": "system", "content": "Be brief"}, user("Hi")])


def test_anthropic_messages():
    folded = Folded("message", {"content": [{"type": "text", "text": "Paris"}]}, model="claude-sonnet-5")
    block = {"type": "text", "text": "What is the capital of France?"}
    assert estimate({"messages": [user([block])]}, folded) == Usage(14, 1, 15, estimated=True)


def test_of_a_message_that_was_cut_the_provider_has_said_what_it_read():
    said = {"input_tokens": 4, "cache_read_input_tokens": 96, "output_tokens": 1}
    body = {"stop_reason": None, "content": [{"type": "text", "text": "Once upon a time"}], "usage": said}
    cut = estimate({"messages": [user("Hi")]}, Folded("message", body, model="claude-sonnet-5"))
    assert cut == Usage(prompt=100, completion=4, total=104, cached=96, estimated=True)


def test_tool_calls_of_an_answer_are_counted():
    call = {"function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    one = estimate(None, answer(None, tool_calls=[call])).completion
    two = estimate(None, answer(None, tool_calls=[call, call])).completion
    assert one == count_text("get_weather", "gpt-4o") + count_text('{"city":"Paris"}', "gpt-4o") + 7
    assert two > 2 * one


def test_words_of_reasoning_are_counted_once():
    both = answer("4", reasoning="two and two", reasoning_content="two and two")
    assert estimate(None, both).completion == estimate(None, answer("4", reasoning="two and two")).completion


def test_without_a_request_only_the_answer_is_counted():
    assert estimate(None, answer()) == Usage(completion=4, estimated=True)
    assert estimate(b"raw", answer()) == Usage(completion=4, estimated=True)


@pytest.mark.parametrize(
    "folded",
    [
        Folded("json", {"error": {"message": "no"}}),
        Folded("image", {"data": []}),
        Folded("text", text="words"),
        Folded("empty"),
        Folded("model", {"data": []}),
    ],
)
def test_there_is_nothing_to_count(folded):
    assert estimate(QUESTION, folded) is None


def png(width, height):
    head = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x06\0\0\0"
    return "data:image/png;base64," + base64.b64encode(head + b"\0" * 3000).decode()


def test_a_picture_is_counted_by_its_size_and_not_as_text():
    def with_picture(**image):
        return prompt([user([{"type": "image_url", "image_url": image}])]) - prompt([user([])])

    assert with_picture(url=png(1024, 1024)) == 765
    assert with_picture(url=png(2048, 4096), detail="high") == 1105
    assert with_picture(url=png(2048, 4096), detail="low") == 85


def test_pictures_of_the_other_protocols():
    responses = {"type": "input_image", "image_url": png(1024, 1024)}
    anthropic = {"type": "image", "source": {"type": "base64", "data": png(750, 1000).partition(",")[2]}}
    nothing = prompt([user([])])
    assert prompt([user([responses])]) == nothing + 765
    assert prompt([user([anthropic])]) == nothing + 1000


def test_sound_is_counted_by_its_length():
    one_second = base64.b64encode(b"\0" * 16_000).decode()
    sound = {"type": "input_audio", "input_audio": {"data": one_second, "format": "mp3"}}
    assert prompt([user([sound])]) == prompt([user([])]) + 10


def test_tools_and_schemas_cost_tokens():
    tool = {"type": "function", "function": {"name": "f", "description": "Does it.", "parameters": {}}}
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
    assert prompt([user("Hi")], tools=[tool]) > prompt([user("Hi")])
    assert prompt([user("Hi")], response_format=schema) > prompt([user("Hi")])
    assert prompt([user("Hi")], functions=[tool["function"]]) == prompt([user("Hi")], tools=[tool])


def test_calls_in_the_history_are_counted_in_every_protocol():
    call = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": '{"a":1}'}}
    block = {"type": "tool_use", "id": "c", "name": "get_weather", "input": {"a": 1}}
    nothing = prompt([{"role": "assistant"}])
    words = count_text("get_weather", "gpt-4o") + count_text('{"a":1}', "gpt-4o")
    assert prompt([{"role": "assistant", "tool_calls": [call]}]) == nothing + words
    assert prompt([{"role": "assistant", "content": [block]}]) == nothing + words


@pytest.mark.parametrize(
    "request_body",
    [
        {"messages": None},
        {"messages": "x"},
        {"messages": [None, 7, {"content": {"a": 1}}, {"content": [None, 7, {"type": "image_url"}]}]},
        {"messages": [user([{"type": "input_audio", "input_audio": None}, {"type": "image", "source": 7}])]},
        {
            "messages": [user("a")],
            "tools": [None, {"function": 7}, {"function": {"name": 7, "parameters": []}}],
        },
        {"model": ["x"], "messages": [{"role": "assistant", "tool_calls": 7, "function_call": "x"}]},
    ],
)
def test_requests_of_impossible_shape_never_raise(request_body):
    estimate(request_body, answer(model=None))


@pytest.mark.parametrize(
    "body", [{}, {"choices": [None, {"message": 7}]}, {"choices": [{"message": {"content": 7}}]}]
)
def test_answers_of_impossible_shape_never_raise(body):
    estimate(QUESTION, Folded("chat", body))


def test_deep_nesting_never_raises():
    deep = []
    for _ in range(5000):
        deep = [deep]
    estimate(
        {"messages": [user(deep)], "tools": [{"name": "f", "parameters": {"properties": {"a": deep}}}]},
        answer(),
    )


@pytest.mark.parametrize("text", [" ", "a", "\n", "漢", "😀", "!", "\u0301", "\ud800"])
def test_ten_million_characters_of_anything_do_not_take_seconds(text):
    started = time.thread_time()  # of its own work: others have the machine too
    assert estimate({"messages": [user(text * 10_000_000)]}, answer()).prompt > 10_000
    assert time.thread_time() - started < 2
