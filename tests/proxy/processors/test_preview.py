from __future__ import annotations

import asyncio
from typing import Any

from proxy.configuration.configuration import Processor
from proxy.processors import preview
from tests.proxy.processors.steps import chat

OWN = "tests.proxy.processors.own."


def run(*processors: Processor) -> tuple[Any, Any]:
    document = chat("user: hi")
    return asyncio.run(preview.run(processors, "/v1/chat/completions", document))


def test_it_ends_where_a_call_would() -> None:
    document, taken = run(
        Processor("one", "set_params", "", {"n": 1}),
        Processor("two", "python", OWN + "Raising"),
        Processor("three", "set_params", "", {"n": 2}),
    )
    assert document["n"] == 1
    assert [(step.name, step.changed, step.failed) for step in taken] == [
        ("one", ("n",), None),
        ("two", (), "it raised RuntimeError: the secret word"),
    ]


def test_it_goes_on_where_a_call_would() -> None:
    document, taken = run(
        Processor("one", "openai_chat", "gpt-4o-mini", {"system_prompt": "x"}, skips_on_error=True),
        Processor("two", "set_params", "", {"n": 2}),
    )
    assert document["n"] == 2
    assert taken[0].failed == "a preview asks no model; it would have been 'gpt-4o-mini'"
