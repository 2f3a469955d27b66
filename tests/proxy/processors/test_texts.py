from __future__ import annotations

import copy
from typing import Any

import pytest

from proxy.processors.texts import last_of_user, places, put
from tests.proxy.processors.steps import chat

IMAGE = {"type": "image_url", "image_url": {"url": "data:"}}
DOCUMENTS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "chat": (
        chat("developer: be kind", "user: hi", [{"type": "text", "text": "see"}, IMAGE], "tool: 7"),
        [("system", "be kind"), ("user", "hi"), ("user", "see"), ("tool", "7")],
    ),
    "messages": (
        {
            "system": [{"type": "text", "text": "be kind"}],
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "content": [{"type": "text", "text": "7"}]}],
                },
                {"role": "assistant", "content": "yes"},
            ],
        },
        [("system", "be kind"), ("tool", "7"), ("assistant", "yes")],
    ),
    "responses": (
        {
            "instructions": "be kind",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
                {"type": "function_call_output", "output": "7"},
            ],
        },
        [("system", "be kind"), ("user", "hi"), ("tool", "7")],
    ),
    "one text": ({"input": "hi"}, [("user", "hi")]),
    "embeddings": ({"input": ["a", "b", [1, 2]]}, [("user", "a"), ("user", "b")]),
    "completions": ({"prompt": ["a", "b"]}, [("user", "a"), ("user", "b")]),
    "nonsense": ({"messages": [None, 3, {"role": 7, "content": 8}], "input": {"a": 1}, "system": 5}, []),
}


@pytest.mark.parametrize(("document", "texts"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_texts_are_found_with_their_roles(document: Any, texts: list[tuple[str, str]]) -> None:
    assert [(place.role, place.text) for place in places(document)] == texts


@pytest.mark.parametrize("document", [one for one, _ in DOCUMENTS.values()], ids=DOCUMENTS)
def test_texts_are_put_back_where_they_were_found(document: Any) -> None:
    before = copy.deepcopy(document)
    changed = put(document, {place.path: place.text + "!" for place in places(document)})
    assert [p.text for p in places(changed)] == [p.text + "!" for p in places(document)]
    assert put(changed, {place.path: place.text[:-1] for place in places(changed)}) == before == document


def test_the_last_message_of_the_user_has_all_its_texts() -> None:
    parts = [{"type": "text", "text": "a"}, IMAGE, {"type": "text", "text": "b"}]
    found = last_of_user(chat("user: old", parts, "assistant: well"))
    assert [place.text for place in found] == ["a", "b"]


def test_a_part_can_be_taken_away() -> None:
    document = chat([{"type": "text", "text": "a"}, IMAGE, {"type": "text", "text": "b"}])
    first, second = last_of_user(document)
    changed = put(document, {second.path: None, first.path: "ab"})
    assert changed["messages"][0]["content"] == [{"type": "text", "text": "ab"}, IMAGE]
    assert len(document["messages"][0]["content"]) == 3


def test_nobody_spoke() -> None:
    assert last_of_user(chat("assistant: well")) == []
