"""Three of the five checks; that streams never mix and that errors arrive is tested with the SDKs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import openai
import pytest

from proxy.simulator import Simulator
from tests.running import Relay
from tests.waiting import until

TEXTS = {
    "one line": "Where is Basel?",
    "Spanish": "¿Dónde está el río?",
    "Chinese, with a list": "巴塞尔在哪里？\n\n- 一\n- 二",
    "five thousand letters": "a" * 5000,
}
USAGE = {"include_usage": True}
Note = Callable[[str, object], None]
Ask = Callable[..., Any]


def asked(client: openai.OpenAI, text: str, **given: Any) -> tuple[str, str, Any]:
    """Text, usage and record id of an answer, streamed or not."""
    messages: Any = [{"role": "user", "content": text}]
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=messages, **given)
    identifier, answer = raw.headers.get("x-relay-request-id", ""), raw.parse()
    if not given.get("stream"):
        return answer.choices[0].message.content, answer.usage, identifier
    chunks: Any = list(answer)
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return said, chunks[-1].usage, identifier


@pytest.fixture(scope="module")
def through(relay_server: Relay) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=relay_server.base_url, api_key=relay_server.key, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def directly(simulator: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=simulator.base_url, api_key="sk-upstream", max_retries=0) as client:
        yield client


@pytest.fixture
def manage(relay_server: Relay) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {relay_server.management_token}"}
    with httpx.Client(base_url=relay_server.url, headers=headers) as client:
        yield client


def record_of(manage: httpx.Client, identifier: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        found = manage.get(f"/manage/logs/{identifier}")
        return found.json() if found.status_code == 200 else None

    return until(find, 30)  # type: ignore[no-any-return]


@pytest.mark.conformance("check", "text")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_stream_says_what_the_whole_answer_says(
    through: openai.OpenAI, directly: openai.OpenAI, text: str
) -> None:
    whole, streamed = asked(through, text)[0], asked(through, text, stream=True)[0]
    assert whole == streamed == asked(directly, text)[0]
    assert text.split()[0][:5] in whole


@pytest.mark.conformance("check", "usage")
@pytest.mark.parametrize("given", [{}, {"stream": True, "stream_options": USAGE}], ids=["whole", "stream"])
def test_usage_is_the_providers_for_everybody(
    through: openai.OpenAI, directly: openai.OpenAI, manage: httpx.Client, given: Any, record_property: Note
) -> None:
    _, usage, identifier = asked(through, "Count on me", **given)
    assert usage == asked(directly, "Count on me", **given)[1]
    record = record_of(manage, identifier)
    kept = (record["prompt_tokens"], record["completion_tokens"], record["total_tokens"])
    assert kept == (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    assert record["usage_estimated"] is False
    record_property("figure", f"{usage.total_tokens} tokens three times")


@pytest.mark.conformance("check", "usage")
def test_usage_of_a_stream_that_was_not_asked_for_it_is_known_all_the_same(
    through: openai.OpenAI, directly: openai.OpenAI, manage: httpx.Client
) -> None:
    _, usage, identifier = asked(through, "Count on me too", stream=True)
    assert usage is None, "the caller did not ask"
    record = record_of(manage, identifier)
    assert record["total_tokens"] == asked(directly, "Count on me too")[1].total_tokens


@pytest.mark.conformance("check", "cost")
def test_cost_is_usage_times_price(
    through: openai.OpenAI, manage: httpx.Client, record_property: Note
) -> None:
    record = record_of(manage, asked(through, "What do you cost? " * 50)[2])
    (price,) = manage.get("/manage/prices?model=gpt-4o-mini").json()["results"]
    by_hand = record["prompt_tokens"] * Decimal(price["input"])
    by_hand += record["completion_tokens"] * Decimal(price["output"])
    assert Decimal(record["cost"]) == by_hand / 1_000_000
    tokens = (
        f"{record['prompt_tokens']} × {price['input']} + {record['completion_tokens']} × {price['output']}"
    )
    record_property("figure", f"{tokens}, of a million: {record['cost']} USD")
