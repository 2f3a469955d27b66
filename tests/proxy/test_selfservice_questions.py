from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from proxy.configuration.configuration import Key
from proxy.errors import RelayError
from proxy.selfservice.questions import AT_ONCE, Questions

MINE, OTHER = (Key(id, "credential", "app", "sk") for id in ("1", "2"))


@pytest.fixture
def questions() -> Iterator[Questions]:
    opened = Questions()
    yield opened
    opened.close()


async def test_a_question_is_answered_in_another_thread(questions: Questions) -> None:
    assert await questions.ask(MINE, lambda a, b: (a + b, threading.current_thread().name[:9]), 1, 2) == (
        3,
        "questions",
    )


async def test_what_a_question_raises_is_raised(questions: Questions) -> None:
    with pytest.raises(KeyError):
        await questions.ask(MINE, {}.__getitem__, "x")


async def test_without_the_database_it_is_503(questions: Questions) -> None:
    def fail() -> None:
        raise OperationalError("away")

    with pytest.raises(RelayError) as caught:
        await questions.ask(MINE, fail)
    assert (caught.value.status, caught.value.code) == (503, "records_unavailable")


async def test_a_key_asks_only_so_much_at_once_and_then_again(questions: Questions) -> None:
    may_end = threading.Event()
    asked = [asyncio.create_task(questions.ask(MINE, may_end.wait)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(RelayError) as caught:
        await questions.ask(MINE, str)
    assert (caught.value.status, (b"retry-after", b"1") in caught.value.headers) == (429, True)
    other = asyncio.create_task(questions.ask(OTHER, str))
    may_end.set()
    assert await asyncio.gather(*asked) == [True] * AT_ONCE
    assert await other == ""
    assert await questions.ask(MINE, str) == ""


async def test_a_question_nobody_waits_for_counts_until_it_is_done(questions: Questions) -> None:
    may_end = threading.Event()
    asked = [asyncio.create_task(questions.ask(MINE, may_end.wait)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0.05)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert 0 < questions._asking["credential", "1"] <= AT_ONCE
    may_end.set()
    await asyncio.to_thread(questions.close)
    await asyncio.sleep(0)
    assert not questions._asking
