import pytest

from logs_app.assembly import previews
from logs_app.folding import Folded


def chat(*messages):
    return previews.of_request({"model": "m", "messages": list(messages)})


def user(content):
    return {"role": "user", "content": content}


def test_the_last_words_of_the_user():
    assert chat(user("one"), {"role": "assistant", "content": "two"}, user("three")) == "three"
    assert chat(user("one"), {"role": "tool", "content": "7"}) == "one"


def test_parts_are_joined_and_pictures_named():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9999}}
    assert chat(user([{"type": "text", "text": "What is"}, {"type": "text", "text": "this?"}, image])) == (
        "What is\nthis?\n[image]"
    )


def test_outputs_of_tools_are_not_the_users_words():
    """Anthropic sends them as the user's."""
    result = {"type": "tool_result", "tool_use_id": "t", "content": "22 degrees"}
    assert chat(user("Weather?"), {"role": "assistant", "content": []}, user([result])) == "Weather?"
    assert chat(user([result])) == "22 degrees"


def test_a_conversation_without_user_shows_its_last_words():
    assert chat({"role": "system", "content": "be brief"}, {"role": "assistant", "content": "yes"}) == "yes"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"prompt": "Once upon"}, "Once upon"),
        ({"prompt": ["a", "b"]}, "a\nb"),
        ({"prompt": [1, 2, 3]}, ""),
        ({"input": "What?"}, "What?"),
        ({"input": ["first", "second"]}, "first\nsecond"),
        ({"input": [user("hi"), {"type": "function_call_output", "output": "7"}]}, "hi"),
        ({"input": [{"type": "function_call_output", "output": "7"}]}, "7"),
        ({"input": [user([{"type": "input_text", "text": "hi"}, {"type": "input_image"}])]}, "hi\n[image]"),
        ({"query": "rerank me"}, "rerank me"),
        ({"messages": []}, ""),
        ({"messages": "x"}, ""),
        ({}, ""),
        (None, ""),
        ([1], ""),
        ("plain", "plain"),
    ],
)
def test_other_requests(body, shown):
    assert previews.of_request(body) == shown


def choice(**message):
    return Folded("chat", {"choices": [{"message": {"role": "assistant", **message}}]})


@pytest.mark.parametrize(
    ("folded", "shown"),
    [
        (choice(content="Hi"), "Hi"),
        (choice(content=[{"type": "text", "text": "Hi"}]), "Hi"),
        (choice(content=None, refusal="No."), "No."),
        (choice(content=None, audio={"transcript": "Hello"}), "Hello"),
        (choice(content="", reasoning="Hmm"), "Hmm"),
        (choice(content="", thinking="Hmm"), "Hmm"),
        (choice(tool_calls=[{"function": {"name": "f", "arguments": '{"x":1}'}}]), 'f({"x":1})'),
        (choice(tool_calls=[{"custom": {"name": "sql", "input": "SELECT"}}]), "sql(SELECT)"),
        (choice(function_call={"name": "f", "arguments": ""}), "f()"),
        (Folded("completion", {"choices": [{"text": "upon a time"}]}), "upon a time"),
        (Folded("response", {"output": [{"type": "message", "content": [{"text": "Hi"}]}]}), "Hi"),
        (
            Folded("response", {"output": [{"type": "function_call", "name": "f", "arguments": "{}"}]}),
            "f({})",
        ),
        (
            Folded("response", {"output": [{"type": "reasoning", "summary": [{"text": "Hmm"}]}]}),
            "Hmm",
        ),
        (Folded("message", {"content": [{"type": "thinking"}, {"type": "text", "text": "Hi"}]}), "Hi"),
        (
            Folded("message", {"content": [{"type": "tool_use", "name": "f", "input": {"a": 1}}]}),
            'f({"a":1})',
        ),
        (Folded("audio", {"text": "Hello"}), "Hello"),
        (Folded("text", text="plain words"), "plain words"),
        (Folded("embedding", {"data": [{"embedding": [0.1]}]}), "1 embedding of 1 numbers"),
        (Folded("audio"), "[audio]"),
        (Folded("empty"), ""),
        (Folded("json", {"error": {"message": "no"}}, error={"message": "no"}), "no"),
        (Folded("json", {"error": "no"}, error="no"), "no"),
        (Folded("chat", {"choices": []}, error={"message": "cut"}), "cut"),
        (Folded("chat", {"choices": [None]}), ""),
    ],
)
def test_answers(folded, shown):
    assert previews.of_response(folded) == shown


def test_a_preview_is_short():
    assert len(chat(user("x" * 5000))) == 1024
    assert len(chat(user([{"type": "text", "text": "x" * 500}] * 100_000))) == 1024


def test_a_preview_holds_nothing_that_a_database_refuses():
    assert chat(user("a\0b\ud83dc")) == "ab?c"


def test_deep_nesting_is_not_followed():
    deep = "words"
    for _ in range(5000):
        deep = [deep]
    assert chat(user(deep)) == ""


def test_a_call_with_a_deep_object_is_shown_without_it():
    deep = []
    for _ in range(3000):
        deep = [deep]
    call = {"type": "tool_use", "name": "f", "input": {"a": deep}}
    assert previews.of_response(Folded("message", {"content": [call]})) == "f(…)"
