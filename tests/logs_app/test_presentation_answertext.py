from __future__ import annotations

import pytest

from logs_app.presentation import answertext

CALL = {"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"choices": [{"message": {"content": "Hi"}}, {"message": {"content": "Ho"}}]}, "Hi\nHo"),
        ({"choices": [{"message": {"content": None, "tool_calls": [CALL]}}]}, 'f({"a":1})'),
        ({"choices": [{"message": {"content": [{"type": "text", "text": "Hi"}]}}]}, "Hi"),
        ({"choices": [{"message": {"refusal": "No.", "audio": {"transcript": "no"}}}]}, "No.\nno"),
        ({"choices": [{"text": "Once"}]}, "Once"),
        (
            {"output": [
                {"type": "reasoning", "summary": [{"text": "hm"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
                {"type": "function_call", "name": "f", "arguments": "{}"},
            ]},
            "Hi\nf({})",
        ),
        (
            {"content": [{"type": "text", "text": "Hi"}, {"type": "tool_use", "name": "f", "input": {"a": 1}}]},  # noqa: E501
            'Hi\nf({"a":1})',
        ),
        ({"error": {"message": "no such model"}}, "no such model"),
        ({"text": "transcribed"}, "transcribed"),
        ("plain", "plain"),
        ({"data": [{"embedding": [1, 2]}]}, ""),
        (None, ""),
        ([1], ""),
        ({"choices": "nonsense", "output": 5}, ""),
    ],
)  # fmt: skip
def test_all_that_is_said_is_there(body, said):
    assert answertext.of(body) == said


def test_a_long_answer_is_whole():
    text = "word " * 100_000
    assert answertext.of({"choices": [{"message": {"content": text}}]}) == text
