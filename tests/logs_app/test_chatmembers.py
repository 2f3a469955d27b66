from __future__ import annotations

from typing import Any

import pytest

from logs_app.chatmembers import THOUGHTS, called, thought_of


@pytest.mark.parametrize("name", THOUGHTS)
def test_thoughts_come_under_any_of_their_names(name: str) -> None:
    assert thought_of({"role": "assistant", name: "Hm."}) == "Hm."


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"reasoning_content": "Hm.", "reasoning": "Hm."}, "Hm."),
        ({"reasoning_content": "", "reasoning": {"effort": "low"}, "thinking": "Hm."}, "Hm."),
        ({"reasoning": [{"text": "Hm."}]}, [{"text": "Hm."}]),
        ({"content": "Yes."}, ""),
    ],
)
def test_the_first_that_says_something_counts(message: dict[str, Any], said: Any) -> None:
    assert thought_of(message) == said


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ({"name": "f", "arguments": '{"a":1}'}, ("f", '{"a":1}')),
        ({"name": "f", "input": {"a": 1}}, ("f", '{"a":1}')),
        ({"name": "f"}, ("f", "")),
        ({"arguments": "{}"}, None),
        ("f", None),
    ],
)
def test_what_is_called_and_with_what(function: Any, call: tuple[str, str] | None) -> None:
    assert called(function) == call
