from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from proxy.processors import Failed, UserProcessor
from tests.proxy.processors.steps import chat, context, take
from tests.running import ROOT

HERE = "tests.proxy.processors.own."


def test_an_async_class_of_ones_own() -> None:
    assert take("python", HERE + "Shout", {"times": 2}, chat("user: hi")) == chat("user: HIHI")


def test_a_plain_function_runs_in_a_thread() -> None:
    """Not of the loop's own, which look up the providers' names."""
    assert take("python", HERE + "Blocking", {}, {})["user"] == "app by team in processor"


def test_what_it_does_to_its_copy_changes_nothing() -> None:
    document = chat("user: hi")
    assert take("python", HERE + "Looking", {}, document) is document
    assert document == chat("user: hi")


def test_it_may_take_so_long_and_no_longer() -> None:
    with pytest.raises(Failed, match=r"longer than 0\.05 seconds"):
        take("python", HERE + "Slow", {"timeout_seconds": 0.05}, {})


def documented() -> type[UserProcessor]:
    """The class that docs/writing-processors.md shows."""
    page = (ROOT / "docs" / "writing-processors.md").read_text()
    code = re.search(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    return names["Shorten"]  # type: ignore[no-any-return]


def test_the_documented_example_runs() -> None:
    shorten = documented()({"keep": 1})
    long = chat("system: be kind", "user: old", "assistant: well", "user: new")
    assert asyncio.run(shorten.process(long, context())) == chat("system: be kind", "user: new")
    assert asyncio.run(shorten.process(chat("user: new"), context())) is None
    with pytest.raises(Failed):
        asyncio.run(shorten.process({"input": "hi"}, context()))
    with pytest.raises(ValueError, match="keep"):
        documented()({"keep": 0})
