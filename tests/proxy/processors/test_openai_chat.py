from __future__ import annotations

from typing import Any

import pytest

from proxy.processors.step import Document, Failed
from tests.proxy.processors.steps import chat, take

SETTINGS = {"system_prompt": "Write it better.", "parameters": {"temperature": 0}, "timeout_seconds": 5}
IMAGE = {"type": "image_url", "image_url": {"url": "data:"}}


class Model:
    def __init__(self, answer: Any = "better") -> None:
        self._answer = {"choices": [{"message": {"content": answer}}]} if isinstance(answer, str) else answer
        self.asked: list[tuple[Document, float]] = []

    async def __call__(self, request: Document, seconds: float) -> Document:
        self.asked.append((request, seconds))
        return self._answer  # type: ignore[no-any-return]


def written(document: Document, model: Model) -> Document:
    return take("openai_chat", "gpt-4o-mini", SETTINGS, document, ask=model)


def test_the_last_message_of_the_user_is_written_anew() -> None:
    model = Model()
    changed = written(chat("user: old", "assistant: well", "user: good", "assistant: and"), model)
    assert changed == chat("user: old", "assistant: well", "user: better", "assistant: and")
    messages = [{"role": "system", "content": "Write it better."}, {"role": "user", "content": "good"}]
    assert model.asked == [({"model": "gpt-4o-mini", "messages": messages, "temperature": 0}, 5)]


def test_its_pictures_stay() -> None:
    parts = [
        {"type": "text", "text": "a"},
        IMAGE,
        {"type": "text", "text": "b"},
        {"type": "text", "text": "c"},
    ]
    model = Model()
    assert written(chat(parts), model) == chat([{"type": "text", "text": "better"}, IMAGE])
    assert model.asked[0][0]["messages"][1]["content"] == "a\n\nb\n\nc"


@pytest.mark.parametrize("document", [chat("assistant: well"), chat("user:  "), {"model": "x"}])
def test_without_a_text_no_model_is_asked(document: Document) -> None:
    model = Model()
    assert written(document, model) is document
    assert model.asked == []


@pytest.mark.parametrize("answer", ["", {}, {"choices": []}, {"choices": [{"message": {"content": None}}]}])
def test_an_answer_without_a_text_is_a_failure(answer: Any) -> None:
    with pytest.raises(Failed, match="gpt-4o-mini"):
        written(chat("user: hi"), Model(answer))
