from __future__ import annotations

from typing import Any

import pytest

from proxy.configuration.configuration import Processor
from proxy.processors import TYPES, refusal_of, types

HERE = "tests.proxy.processors.own."
PROMPT = {"system_prompt": "Write it better."}
REFUSED: list[tuple[str, str, Any, str, str]] = [
    ("telepathy", "", {}, "type", "no type 'telepathy'"),
    ("openai_chat", "", PROMPT, "config_value", "the model to ask"),
    ("openai_chat", "gpt", {}, "additional_config", "'system_prompt' is missing"),
    ("openai_chat", "gpt", PROMPT | {"parameters": {"stream": True}}, "additional_config", "'stream'"),
    ("openai_chat", "gpt", PROMPT | {"parameters": 7}, "additional_config", "'parameters' is an object"),
    ("openai_chat", "gpt", PROMPT | {"timeout_seconds": 0}, "additional_config", "more than 0"),
    ("openai_chat", "gpt", PROMPT | {"timeout_seconds": True}, "additional_config", "number of seconds"),
    ("openai_chat", "gpt", PROMPT | {"prompt": "x"}, "additional_config", "no further setting 'prompt'"),
    ("system_prompt", " ", {}, "config_value", "empty"),
    ("system_prompt", "x", {"mode": "beside"}, "additional_config", "prepend, append, replace"),
    ("system_prompt", "x", [], "additional_config", "object"),
    ("set_params", "", {}, "additional_config", "name the parameters"),
    ("set_params", "never", {"a": 1}, "config_value", "if_missing"),
    ("set_params", "", {"stream": True}, "additional_config", "caller's choice"),
    ("set_params", "", {"a": {1}}, "additional_config", "not JSON"),
    ("drop_params", ",", {}, "config_value", "names what to drop"),
    ("drop_params", "model", {}, "config_value", "provider"),
    ("drop_params", "stream", {}, "config_value", "caller's choice"),
    ("drop_params", "user", {"user": 1}, "additional_config", "It knows none"),
    ("limit_params", "5", {"n": {"max": 2}}, "config_value", "no value"),
    ("limit_params", "", {}, "additional_config", "name the bounds"),
    ("limit_params", "", {"n": 5}, "additional_config", "min, max or both"),
    ("limit_params", "", {"n": {"most": 5}}, "additional_config", "min, max or both"),
    ("limit_params", "", {"n": {"max": "5"}}, "additional_config", "are numbers"),
    ("limit_params", "", {"n": {"max": True}}, "additional_config", "are numbers"),
    ("limit_params", "", {"n": {"min": 2, "max": 1}}, "additional_config", "above max"),
    ("regex_replace", "(", {}, "config_value", "missing )"),
    ("regex_replace", "(?=a)", {}, "config_value", "RE2"),
    ("regex_replace", "x" * 3000, {}, "config_value", "longer"),
    ("regex_replace", "\ud800", {}, "config_value", "half a character"),
    ("regex_replace", "(a)", {"replacement": r"\2"}, "additional_config", "group 2"),
    ("regex_replace", "a", {"roles": ["king"]}, "additional_config", "system, user"),
    ("regex_replace", "a", {"roles": []}, "additional_config", "system, user"),
    ("regex_replace", "a", {"ignore_case": "no"}, "additional_config", "true or false"),
    ("logger", "loud", {}, "config_value", "a level"),
    ("logger", "", {"fields": ["password"]}, "additional_config", "request_id"),
    ("python", "", {}, "config_value", "dotted path"),
    ("python", "no.such.Thing", {}, "config_value", "cannot be imported"),
    ("python", HERE + "NoProcessor", {}, "config_value", "no subclass"),
    ("python", "subprocess.Popen", {}, "config_value", "no subclass"),
    ("python", HERE + "Shout", {"times": 0}, "additional_config", "times is 1 or more"),
]  # fmt: skip
TAKEN: list[tuple[str, str, Any]] = [
    ("openai_chat", "gpt-4o", PROMPT),
    ("system_prompt", "Be kind.", {}),
    ("set_params", "", {"temperature": 0}),
    ("drop_params", "user", {}),
    ("limit_params", "", {"max_tokens": {"max": 4096}}),
    ("regex_replace", "a+", {"replacement": "b"}),
    ("logger", "", {}),
    ("python", HERE + "Shout", {}),
]


@pytest.mark.parametrize(("type_", "value", "settings", "field", "words"), REFUSED)
def test_a_mistake_is_refused_in_words(type_: str, value: str, settings: Any, field: str, words: str) -> None:
    refusal = refusal_of(type_, value, settings)
    assert refusal is not None
    assert refusal.field == field
    assert words in refusal.message and refusal.message.endswith(".")


@pytest.mark.parametrize(("type_", "value", "settings"), TAKEN)
def test_the_least_of_each_type_is_enough(type_: str, value: str, settings: Any) -> None:
    assert refusal_of(type_, value, settings) is None


def test_every_type_has_its_example() -> None:
    assert [type_ for type_, _, _ in TAKEN] == list(TYPES)


def test_a_step_is_made_once_for_its_configuration() -> None:
    one, same = (Processor("p", "set_params", "", {"n": 1}) for _ in range(2))
    assert types.of(one) is types.of(same)
    assert types.of(Processor("p", "set_params", "", {"n": 2})) is not types.of(one)
