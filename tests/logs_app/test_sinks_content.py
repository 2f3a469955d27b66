from __future__ import annotations

from typing import Any

import pytest

from logs_app.sinks import content
from tests.logs_app.told import event, failed, message

HELLO = {"role": "user", "content": "hello"}
WITHHELD = message({"withheld": "metadata", "size": 5})


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({"messages": [HELLO]}, [HELLO]),
        ({"messages": [HELLO], "system": "S"}, [{"role": "system", "content": "S"}, HELLO]),
        ({"input": "hello", "instructions": "S"}, [{"role": "system", "content": "S"}, HELLO]),
        ({"input": ["a", "b"]}, ["a", "b"]),
        ({"prompt": "hello"}, "hello"),
        ({"other": 1}, {"other": 1}),
        ("text", "text"),
        (None, None),
    ],
)
def test_what_was_asked(body: Any, asked: Any) -> None:
    assert content.asked(event(request=message(body))) == asked


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        ({"choices": [{"message": HELLO}]}, HELLO),
        ({"choices": [{"text": "a"}, {"text": "b"}]}, [{"role": "assistant", "content": t} for t in "ab"]),
        ({"type": "message", "content": ["x"]}, {"role": "assistant", "content": ["x"]}),
        ({"output": [1]}, [1]),
        ({"object": "list", "data": [{"embedding": [0.1]}]}, {"results": 1}),
        ({"error": {"message": "no"}}, {"error": {"message": "no"}}),
        ("text", "text"),
        (None, None),
    ],
)
def test_what_was_answered(body: Any, answered: Any) -> None:
    assert content.answered(event(response=message(body))) == answered


def test_what_is_withheld_is_neither() -> None:
    hidden = event(request=WITHHELD, response=WITHHELD)
    assert (content.asked(hidden), content.answered(hidden), content.parameters(hidden)) == (None, None, {})


def test_parameters_are_plain_and_no_content() -> None:
    body = {"model": "m", "messages": [], "temperature": 0.5, "stop": ["a"], "response_format": {"type": "x"}}
    assert content.parameters(event(request=message(body))) == {"temperature": 0.5, "stop": ["a"]}


def test_facts_are_scalars_that_are_known() -> None:
    facts = content.about(event(project="", cost="0.25", parent=""))
    assert facts["cost_usd"] == 0.25
    assert not {"project", "parent"} & facts.keys()
    assert all(isinstance(value, str | int | float | bool) for value in facts.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nobody answers."),
        ({"error_message": ""}, "upstream_unreachable"),
        ({"error_message": "", "error_code": ""}, "HTTP 503"),
        ({"error_message": "", "error_code": "", "status_code": None}, "failed"),
    ],
)
def test_a_failure_has_words(changes: dict[str, Any], words: str) -> None:
    assert content.failure(failed(**changes)) == words


def test_the_model_that_served_is_the_model() -> None:
    assert content.model(event(model="a", model_sent="b", model_served="c")) == "c"
    assert content.model(event(model="a", model_sent="", model_served="")) == "a"
