from __future__ import annotations

from typing import Any

import pytest

from tests.proxy.processors.steps import chat, take

PART = {"type": "text", "text": "mine"}


def said(mode: str, document: dict[str, Any], path: str = "/v1/chat/completions") -> dict[str, Any]:
    return take("system_prompt", "ours", {"mode": mode}, document, path)


@pytest.mark.parametrize(
    ("mode", "after"),
    [
        ("prepend", chat("system: ours\n\nmine", "system: two", "user: hi")),
        ("append", chat("system: mine", "system: two\n\nours", "user: hi")),
        ("replace", chat("system: ours", "user: hi")),
    ],
)
def test_beside_the_callers_own(mode: str, after: dict[str, Any]) -> None:
    assert said(mode, chat("system: mine", "system: two", "user: hi")) == after


@pytest.mark.parametrize("mode", ["prepend", "append", "replace"])
def test_where_the_caller_has_none(mode: str) -> None:
    assert said(mode, chat("user: hi")) == chat("system: ours", "user: hi")
    assert said(mode, {"input": "hi"}, "/v1/responses") == {"input": "hi", "instructions": "ours"}
    assert said(mode, {"messages": []}, "/v1/messages") == {"messages": [], "system": "ours"}


def test_a_developers_message_is_a_system_prompt() -> None:
    assert said("append", chat("developer: mine")) == chat("developer: mine\n\nours")


def test_parts_stay_parts() -> None:
    before = {"messages": [{"role": "system", "content": [PART]}]}
    ours = {"type": "text", "text": "ours"}
    assert said("prepend", before)["messages"][0]["content"] == [ours, PART]
    assert said("append", {"system": [PART], "messages": []}, "/v1/messages")["system"] == [PART, ours]


def test_responses_have_instructions() -> None:
    document = {"instructions": "mine", "input": [{"role": "developer", "content": "x"}, {"role": "user"}]}
    assert said("append", document, "/v1/responses")["instructions"] == "mine\n\nours"
    replaced = said("replace", document, "/v1/responses")
    assert (replaced["instructions"], replaced["input"]) == ("ours", [{"role": "user"}])


def test_what_knows_no_system_prompt_stays_as_it_is() -> None:
    document = {"input": "hi"}
    assert said("prepend", document, "/v1/embeddings") is document
