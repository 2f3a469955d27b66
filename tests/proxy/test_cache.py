"""The cache as a whole, as one of HTTP: GET by RFC 9111, with a provider that says exactly these bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from proxy.cache.entry import Entry
from proxy.cache.memory import MemoryStore
from proxy.cache.purge import of_criteria
from proxy.configuration.configuration import Processor, Route
from proxy.simulator import Simulator
from tests.proxy import lanes
from tests.proxy.cache import caches
from tests.proxy.lanes import Lane, Reply, until
from tests.proxy.peers import Peer

OPT_IN = [(b"x-relay-cache", b"60")]
TARGET = "/v1/models/gpt-4o"


def answer(body: bytes = b'{"id":"gpt-4o"}', status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    given = {"content_type": "application/json"} | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def provider(directory: Path, *answers: bytes | list[bytes]) -> AsyncIterator[tuple[Lane, Peer]]:
    async with Peer(*answers) as peer, caches.lane_with_cache(directory, f"{peer.origin}/v1") as lane:
        yield lane, peer


def said(reply: Reply) -> str | None:
    return reply.header("x-proxy-cache")


def entries(lane: Lane) -> list[Entry]:
    assert lane.runtime.cache is not None
    store = lane.runtime.cache.store
    assert isinstance(store, MemoryStore)
    return [e for share in store._shares.values() for held in share.entries.values() for e in held]


def age(lane: Lane, seconds: float) -> None:
    """As if everything had been stored so long ago."""
    for entry in entries(lane):
        entry.terms = entry.terms._replace(received_at=entry.terms.received_at - seconds)


async def test_a_get_is_kept_where_the_provider_says_so(tmp_path: Path) -> None:
    async with provider(tmp_path, answer(cache_control="public, max-age=60", set_cookie="a=b")) as (
        lane,
        peer,
    ):
        first, again = await lane.call("GET", TARGET), await lane.call("GET", TARGET)
        assert (said(first), said(again)) == ("stored", "hit") and len(peer.requests) == 1
        assert again.body == first.body and again.header("cache-control") == "public, max-age=60"
        assert again.header("set-cookie") is None
        other = await lane.call("GET", TARGET + "?x=1")
        assert said(other) == "stored"


@pytest.mark.parametrize("value", ["max-age=60", "private, max-age=60", "no-store", ""])
async def test_and_where_it_does_not_it_is_not(tmp_path: Path, value: str) -> None:
    async with provider(tmp_path, answer(cache_control=value)) as (lane, peer):
        for _ in range(2):
            assert said(await lane.call("GET", TARGET)) == "miss"
        assert len(peer.requests) == 2 and entries(lane) == []


async def test_a_head_is_answered_from_a_get(tmp_path: Path) -> None:
    async with provider(tmp_path, answer(cache_control="public, max-age=60")) as (lane, peer):
        await lane.call("HEAD", TARGET)
        assert entries(lane) == [] and len(peer.requests) == 1
        got = await lane.call("GET", TARGET)
        head = await lane.call("HEAD", TARGET)
        assert (
            said(head) == "hit" and head.body == b"" and head.header("content-length") == str(len(got.body))
        )
        assert len(peer.requests) == 2


async def test_conditions_of_the_client(tmp_path: Path) -> None:
    kept = answer(cache_control="public, max-age=60", etag='"a"', last_modified=formatdate(1e9, usegmt=True))
    async with provider(tmp_path, kept) as (lane, peer):
        await lane.call("GET", TARGET)
        same = await lane.call("GET", TARGET, headers=[(b"if-none-match", b'W/"a"')])
        assert (same.status, same.body, said(same)) == (304, b"", "conditional-hit")
        assert same.header("etag") == '"a"' and same.header("content-length") is None
        other = await lane.call("GET", TARGET, headers=[(b"if-none-match", b'"b"')])
        assert (other.status, said(other)) == (200, "hit")
        since = await lane.call(
            "GET", TARGET, headers=[(b"if-modified-since", formatdate(1e9, usegmt=True).encode())]
        )
        assert since.status == 304 and len(peer.requests) == 1


async def test_the_provider_confirms_what_is_stale(tmp_path: Path) -> None:
    first = answer(cache_control="public, max-age=60", etag='"a"', x_version="1")
    confirmed = answer(b"", "304 Not Modified", cache_control="public, max-age=90", etag='"a"', x_version="2")
    async with provider(tmp_path, first, confirmed) as (lane, peer):
        got = await lane.call("GET", TARGET)
        age(lane, 61)
        again = await lane.call("GET", TARGET)
        assert (again.status, again.body, said(again)) == (200, got.body, "hit")
        assert again.header("x-version") == "2"
        assert again.header("cache-status") == (
            'llm-relay; fwd=stale; fwd-status=304; ttl=89; detail="confirmed by the provider"'
        )
        assert lane.runtime.cache
        counters = lane.runtime.cache.counters
        assert (counters.hits, counters.misses, counters.revalidated) == (1, 1, 1)
        assert b'if-none-match: "a"' in peer.requests[1].lower()
        assert said(await lane.call("GET", TARGET)) == "hit" and len(peer.requests) == 2
        (entry,) = entries(lane)
        assert entry.terms.lifetime == 90


async def test_no_cache_asks_and_gets_the_new_one(tmp_path: Path) -> None:
    first = answer(cache_control="public, max-age=60", etag='"a"')
    second = answer(b'{"id":"new"}', cache_control="public, max-age=60", etag='"b"')
    async with provider(tmp_path, first, second) as (lane, peer):
        await lane.call("GET", TARGET)
        fresh = await lane.call("GET", TARGET, headers=[(b"cache-control", b"no-cache")])
        assert fresh.json == {"id": "new"} and "fwd=request; stored" in (fresh.header("cache-status") or "")
        assert (await lane.call("GET", TARGET)).json == {"id": "new"}
        assert len(peer.requests) == 2 and len(entries(lane)) == 1


async def test_a_stale_one_is_given_while_the_new_one_is_fetched(tmp_path: Path) -> None:
    first = answer(cache_control="public, max-age=60, stale-while-revalidate=60")
    second = answer(b'{"id":"new"}', cache_control="public, max-age=60")
    async with provider(tmp_path, first, second) as (lane, peer):
        await lane.call("GET", TARGET)
        age(lane, 70)
        old = await asyncio.gather(*(lane.call("GET", TARGET) for _ in range(3)))
        assert {said(reply) for reply in old} == {"hit"} and old[0].json == {"id": "gpt-4o"}
        assert "ttl=-1" in (old[0].header("cache-status") or "")
        await until(lambda: len(peer.requests) == 2 and not lane.runtime.exchanges)
        assert (await lane.call("GET", TARGET)).json == {"id": "new"} and len(peer.requests) == 2
        (behind,) = [r for r in lane.records() if r.opened and r.opened["lineage"] == "revalidation"]
        assert behind.outcome == "completed" and behind.opened and behind.opened["parent"]


async def test_a_stale_one_stands_in_for_an_error(tmp_path: Path) -> None:
    first = answer(cache_control="public, max-age=60, stale-if-error=600")
    broken = answer(b"{}", "503 Service Unavailable")
    async with provider(tmp_path, first, broken, b"", b"", answer(b"{}", "404 Not Found")) as (lane, peer):
        await lane.call("GET", TARGET)
        age(lane, 70)
        for number in (2, 3):
            stood_in = await lane.call("GET", TARGET)
            assert (stood_in.status, said(stood_in)) == (200, "hit"), number
            assert "provider failed" in (stood_in.header("cache-status") or "")
        assert (await lane.call("GET", TARGET)).status == 404  # no error of the provider's
        (record,) = [
            r for r in lane.records() if r.closed and r.closed["attempts"] and r.answered.get("cached")
        ][:1]
        assert record.closed and record.closed["attempts"][0]["status"] == 503


async def test_what_varies_is_told_apart(tmp_path: Path) -> None:
    german = answer(b'{"l":"de"}', cache_control="public, max-age=60", vary="Accept-Language, Origin")
    english = answer(b'{"l":"en"}', cache_control="public, max-age=60", vary="Accept-Language, Origin")
    de, en = [(b"accept-language", b"de")], [(b"accept-language", b"en")]
    async with provider(tmp_path, german, english) as (lane, peer):
        await lane.call("GET", TARGET, headers=de)
        other = await lane.call("GET", TARGET, headers=en)
        assert "fwd=vary-miss" in (other.header("cache-status") or "")
        assert (await lane.call("GET", TARGET, headers=de)).json == {"l": "de"}
        # The relay does not send the origin on, so it cannot have made a difference.
        assert (await lane.call("GET", TARGET, headers=[*en, (b"origin", b"https://a")])).json == {"l": "en"}
        assert len(peer.requests) == 2 and len(entries(lane)) == 2


async def test_an_encoded_answer_is_for_those_who_take_the_encoding(tmp_path: Path) -> None:
    packed = answer(b"\x1f\x8b", cache_control="public, max-age=60", content_encoding="gzip")
    async with provider(tmp_path, packed, answer(cache_control="public, max-age=60")) as (lane, _):
        await lane.call("GET", TARGET, headers=[(b"accept-encoding", b"gzip")])
        assert said(await lane.call("GET", TARGET)) == "stored"
        assert said(await lane.call("GET", TARGET, headers=[(b"accept-encoding", b"gzip")])) == "hit"


async def test_a_part_is_neither_kept_nor_cut_out(tmp_path: Path) -> None:
    async with provider(tmp_path, answer(cache_control="public, max-age=60")) as (lane, peer):
        await lane.call("GET", TARGET)
        part = await lane.call("GET", TARGET, headers=[(b"range", b"bytes=0-1")])
        assert said(part) is None and len(peer.requests) == 2


async def test_what_a_provider_keeps_is_asked_for_each_time(tmp_path: Path) -> None:
    async with provider(tmp_path, answer(cache_control="public, max-age=60")) as (lane, peer):
        for target in ("/v1/files/f-1", "/v1/responses/r-1", "/v1/batches", "/v1/chat/completions/c-1"):
            for _ in range(2):
                await lane.call("GET", target)
        assert len(peer.requests) == 8 and entries(lane) == []


async def test_what_nobody_can_tell_from_half_of_it_is_not_kept(tmp_path: Path) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: public, max-age=60\r\n\r\nhalf"
    async with Peer(half, closes=True) as peer, caches.lane_with_cache(tmp_path, f"{peer.origin}/v1") as lane:
        await lane.call("GET", TARGET)
        assert entries(lane) == []


async def test_a_list_that_is_cut_for_a_key_is_nobody_elses(tmp_path: Path) -> None:
    listed = answer(b'{"data":[{"id":"a"},{"id":"b"}]}', cache_control="public, max-age=60")
    async with provider(tmp_path, listed) as (lane, _):
        assert len((await lane.call("GET", "/v1/models")).json["data"]) == 2
        (digest, key), *_rest = lane.configuration.current.keys.items()
        limited = replace(key, allowed_models=("a",))
        lane.configuration.current = replace(lane.configuration.current, keys={digest: limited})
        assert [m["id"] for m in (await lane.call("GET", "/v1/models")).json["data"]] == ["a"]


async def test_a_purge_is_followed_before_anything_is_given(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    await lane.chat("purged", headers=OPT_IN)
    order(lane, 1, {"model": "another"})
    assert said(await lane.chat("purged", headers=OPT_IN)) == "hit"
    order(lane, 2, {"provider": "second"})
    assert said(await lane.chat("purged", headers=OPT_IN)) == "hit"
    order(lane, 3, {"model": "gpt-4o", "provider": "default"})
    assert said(await lane.chat("purged", headers=OPT_IN)) == "stored"
    assert lane.runtime.cache.counters.purged == 1


async def test_what_is_under_way_when_a_purge_comes_is_not_kept(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    task = asyncio.create_task(lane.chat("late [[sim ttft=200]]", headers=OPT_IN))
    await until(lambda: sim.requests)
    order(lane, 1, {})
    lane.runtime.cache.follow(lane.configuration.current.purges)
    assert (await task).status == 200
    assert entries(lane) == []


def order(lane: Lane, number: int, criteria: dict[str, str]) -> None:
    found = lane.configuration.current
    purge = of_criteria(criteria, number, time.time())
    lane.configuration.current = replace(found, purges=(*found.purges, purge))


async def test_what_another_provider_answered_is_not_taken_for_the_first_ones(
    tmp_path: Path, sim: Simulator
) -> None:
    spare = answer(b'{"id":"spare"}')
    async with Peer(spare) as peer, caches.lane_with_cache(tmp_path, sim.base_url) as lane:
        lane.configuration.current = replace(
            lane.configuration.current,
            providers=(
                lanes.provider(sim.base_url),
                lanes.provider(f"{peer.origin}/v1", id=2, provider_key="second", priority=1),
            ),
        )
        text = "who? [[sim status=500 times=1 id=cache-failover]]"
        first = await lane.chat(text, headers=OPT_IN)
        assert first.json == {"id": "spare"} and said(first) == "stored"
        again = await lane.chat(text, headers=OPT_IN)
        assert again.header("x-relay-provider") == "default" and said(again) == "stored"
        assert said(await lane.chat(text, headers=OPT_IN)) == "hit"
        lane.configuration.current = replace(
            lane.configuration.current, providers=lane.configuration.current.providers[1:]
        )
        alone = await lane.chat(text, headers=OPT_IN)
        assert said(alone) == "hit" and alone.json == {"id": "spare"}


async def test_another_address_is_another_provider(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    await lane.chat("where", headers=OPT_IN)
    lane.configuration.set_provider(api_base=sim.base_url + "/")
    assert said(await lane.chat("where", headers=OPT_IN)) == "stored"


async def test_the_models_name_is_as_each_asked(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()
    lane.configuration.set(provider_suffix="Proxy")
    lane.configuration.set_provider(model_mapping={"gpt-4o": "gpt-4o-mini"})
    first = await lane.chat("name", headers=OPT_IN, model="gpt-4o")
    again = await lane.chat("name", headers=OPT_IN, model="Proxy/gpt-4o")
    assert (first.json["model"], again.json["model"]) == ("gpt-4o", "Proxy/gpt-4o")
    assert said(again) == "hit" and again.header("x-relay-model") == "gpt-4o-mini"
    assert int(again.header("content-length") or len(again.body)) == len(again.body)


async def test_a_routes_steps_are_part_of_the_question(lane: Lane, sim: Simulator) -> None:
    lane.runtime.cache = caches.cache()

    def route(prompt: str) -> None:
        step = Processor("p", "system_prompt", prompt)
        made = Route("r", "/v1/chat/completions", processors=(step,))
        lane.configuration.current = replace(lane.configuration.current, routes=(made,))

    route("Be brief.")
    await lane.chat("steps", headers=OPT_IN)
    assert said(await lane.chat("steps", headers=OPT_IN)) == "hit"
    route("Be long.")
    assert said(await lane.chat("steps", headers=OPT_IN)) == "stored"


async def test_off_it_is_not_there(lane: Lane, sim: Simulator) -> None:
    assert lane.runtime.cache is None
    for _ in range(2):
        assert said(await lane.chat("off", headers=OPT_IN)) is None
    assert len(sim.requests) == 2
