from __future__ import annotations

import pytest

from proxy.processors.step import Failed
from tests.proxy.processors.steps import chat, take

HERE = "tests.proxy.processors.own."


def test_an_async_class_of_ones_own() -> None:
    assert take("python", HERE + "Shout", {"times": 2}, chat("user: hi")) == chat("user: HIHI")


def test_a_plain_function_runs_in_a_thread() -> None:
    assert take("python", HERE + "Blocking", {}, {})["user"] == "app by team"


def test_what_it_does_to_its_copy_changes_nothing() -> None:
    document = chat("user: hi")
    assert take("python", HERE + "Looking", {}, document) is document
    assert document == chat("user: hi")


def test_it_may_take_so_long_and_no_longer() -> None:
    with pytest.raises(Failed, match=r"longer than 0\.05 seconds"):
        take("python", HERE + "Slow", {"timeout_seconds": 0.05}, {})
