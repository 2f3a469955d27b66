from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest

from accounts.errors import Missing
from proxy.configuration.configuration import Limits
from proxy.replay import calling
from proxy.replay.calling import Question
from proxy.replay.originals import Original
from proxy.simulator import Simulator
from tests.proxy.cache import caches
from tests.proxy.lanes import Lane, key, until

PARENT = "01999999-9999-7999-8999-999999999999"
HEADERS = [(b"content-type", b"application/json"), (b"x-relay-tags", b"nightly")]
OPT_IN = (b"x-relay-cache", b"60")


def question(path: str = "/v1/chat/completions", **given) -> Question:
    options = {name: given.pop(name) for name in ("key", "provider", "wants_cache") if name in given}
    body = orjson.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "again"}], **given})
    return Question(Original(PARENT, "POST", path, "", HEADERS, body), body, **{"key": key()} | options)


async def test_the_call_is_made_and_its_record_is_there_at_once(lane: Lane, sim: Simulator) -> None:
    asked = question()
    record = await calling.ask(asked, calling.assembling())
    assert sim.requests[0].body == asked.body
    assert (record.status_code, record.outcome, record.key_name) == (200, "completed", "mine")
    assert (str(record.parent), record.lineage) == (PARENT.replace("-", ""), "replay")
    assert record.total_tokens > 0
    assert "again" in record.response_preview
    assert orjson.loads(record.tags) == ["replay", "nightly"]


async def test_it_is_in_the_journal_like_any_other(lane: Lane) -> None:
    record = await calling.ask(question(), calling.assembling())
    written = lane.record
    assert written.opened is not None
    assert (written.opened["parent"], written.opened["lineage"]) == (PARENT, "replay")
    assert written.opened["key"]["name"] == "mine"
    assert written.outcome == record.outcome
    assert not lane.runtime.exchanges


async def test_a_stream_is_put_together(lane: Lane) -> None:
    record = await calling.ask(question(stream=True), calling.assembling())
    assert record.is_streaming
    assert record.ttft_ms is not None
    assert "again" in record.response_preview


async def test_a_failure_of_the_provider_is_its_result(lane: Lane) -> None:
    lane.configuration.set_provider(api_base="http://127.0.0.1:9")
    record = await calling.ask(question(), calling.assembling())
    assert (record.status_code, record.outcome, record.error_code) == (502, "failed", "upstream_unreachable")


async def test_limits_of_the_key_hold(lane: Lane) -> None:
    with pytest.raises(Missing, match="per second|requests"):
        await calling.ask(question(key=key(limits=Limits(rate_limit=0))), calling.assembling())
    assert not lane.runtime.exchanges


async def test_a_disabled_key_is_refused_in_words(lane: Lane) -> None:
    with pytest.raises(Missing, match="The key 'mine' is disabled"):
        await calling.ask(question(key=key(is_active=False)), calling.assembling())


async def test_only_the_named_provider_serves(lane: Lane) -> None:
    assert (await calling.ask(question(provider="default"), calling.assembling())).provider == "default"
    with pytest.raises(Missing, match="No provider"):
        await calling.ask(question(provider="other"), calling.assembling())


async def test_the_cache_answers_only_one_that_asks_for_it(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    asked = question()
    asked = replace(asked, original=replace(asked.original, headers=[*HEADERS, OPT_IN]))
    for wants_cache, from_cache, at_provider in ((True, False, 1), (False, False, 2), (True, True, 2)):
        record = await calling.ask(replace(asked, wants_cache=wants_cache), calling.assembling())
        assert (record.is_cached, len(sim.requests)) == (from_cache, at_provider)
        assert (record.outcome, record.lineage) == ("completed", "replay")


async def test_the_cache_answers_none_that_never_asked_to_be_kept(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    for number in (1, 2):
        await calling.ask(question(wants_cache=True), calling.assembling())
        assert len(sim.requests) == number


async def test_the_cache_gives_no_answer_of_another_than_the_named_provider(
    lane: Lane, sim: Simulator
) -> None:
    lane.runtime.cache = caches.cache()
    one = lane.configuration.current.providers[0]
    both = (one, replace(one, id=2, provider_key="second"))
    lane.configuration.current = replace(lane.configuration.current, providers=both)
    for provider, from_cache in (("default", False), ("second", False), ("default", True), ("second", True)):
        asked = question(provider=provider, wants_cache=True)
        asked = replace(asked, original=replace(asked.original, headers=[*HEADERS, OPT_IN]))
        record = await calling.ask(asked, calling.assembling())
        assert (record.provider, record.is_cached) == (provider, from_cache)


async def test_the_end_of_the_process_is_said_in_the_stream(lane: Lane, sim: Simulator) -> None:
    slow = question(stream=True, messages=[{"role": "user", "content": "[[sim chunks=200 delay=50]]"}])
    asking = asyncio.create_task(calling.ask(slow, calling.assembling()))
    await until(lambda: any(exchange.status for exchange in lane.runtime.exchanges))
    lane.runtime.end_all()
    assert (await asking).outcome == "interrupted"
