from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis

from proxy.cache import keys
from proxy.cache.freshness import Terms
from proxy.cache.keys import Key
from proxy.cache.purge import Purge
from proxy.cache.redis import MARKED_SECONDS, RedisStore
from proxy.cache.sweeping import Sweeper
from proxy.simulator import Simulator
from tests.proxy.cache import caches
from tests.proxy.cache.caches import LABEL, entry
from tests.proxy.lanes import until

PREFIX = "relay-test:cache[*]:"
KEY = Key("project:a", "digest")


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    made = RedisStore(redis_url, PREFIX, ["key"])
    empty(redis_url)
    yield made
    await made.aclose()
    empty(redis_url)


def empty(url: str) -> None:
    plain = Redis.from_url(url)
    for name in plain.scan_iter(match="relay-test:cache*"):
        plain.delete(name)


def sweeper(url: str, key: str = "key") -> Sweeper:
    return Sweeper(url, PREFIX, [key])


async def test_what_was_put_is_found_and_lies_there_encrypted(store: RedisStore, redis_url: str) -> None:
    await store.put(KEY, entry(b"a secret answer", is_stream=True, pieces=((5, 15),)))
    (found,) = (await store.find(KEY)).entries
    assert found.body == b"a secret answer" and found.pieces == ((5, 15),) and found.label == LABEL
    plain = Redis.from_url(redis_url)
    (name,) = plain.scan_iter(match="relay-test:cache*")
    held = plain.hgetall(name)
    assert len(held) == 2 and 0 < plain.ttl(name) <= 300
    assert not any(b"secret" in value or b"gpt-4o" in value for value in held.values())
    assert list((await store.find(Key("project:a", "another"))).entries) == []


async def test_newest_first_and_one_of_each_form(store: RedisStore) -> None:
    now = time.time()
    await store.put(KEY, entry(b"old", terms=Terms(now - 2, 0, 300)))
    await store.put(KEY, entry(b"stream", terms=Terms(now, 0, 300), is_stream=True))
    await store.put(KEY, entry(b"new", terms=Terms(now - 1, 0, 300)))
    assert [found.body for found in (await store.find(KEY)).entries] == [b"stream", b"new"]
    for number in range(40):
        await store.put(KEY, entry(b"x", vary=((b"accept-language", b"%d" % number),)))
    assert len((await store.find(KEY)).entries) <= 17


async def test_nothing_is_given_that_another_key_sealed_or_that_was_moved(
    store: RedisStore, redis_url: str
) -> None:
    await store.put(KEY, entry(b"mine"))
    foreign = RedisStore(redis_url, PREFIX, ["other"])
    assert list((await foreign.find(KEY)).entries) == [] and foreign.counters.failures == 1
    await foreign.aclose()
    plain = Redis.from_url(redis_url)
    plain.copy(f"{PREFIX}digest", f"{PREFIX}other")
    assert list((await store.find(Key("project:b", "other"))).entries) == []


async def test_a_sweep_takes_what_fits(store: RedisStore, redis_url: str) -> None:
    await store.put(KEY, entry(b"a"))
    await store.put(KEY, entry(b"b", is_stream=True, label=LABEL._replace(tags=("t",))))
    await store.put(Key("s", "2"), entry(b"c", label=LABEL._replace(models=("other",), provider="main")))
    swept = sweeper(redis_url)
    assert swept.count() == 3
    assert swept.purge(Purge(provider="second")) == 0
    assert swept.purge(Purge(tag="t")) == 1 and len((await store.find(KEY)).entries) == 1
    assert swept.purge(Purge(model="gpt-4o")) == 1
    assert sweeper(redis_url, "lost").purge(Purge(model="other")) == 0
    assert sweeper(redis_url, "lost").purge(Purge()) == 1 and swept.count() == 0


async def test_away_it_is_a_miss_said_once_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    away = RedisStore("redis://127.0.0.1:1/0", PREFIX, ["key"], pause_seconds=60)
    assert list((await away.find(KEY)).entries) == []
    await away.put(KEY, entry())
    assert list((await away.find(KEY)).entries) == []
    assert away.counters.failures == 1
    assert len([record for record in caplog.records if "does not answer" in record.message]) == 1
    await away.aclose()


async def test_a_lane_with_redis_shares_its_answers(
    store: RedisStore, tmp_path: Path, sim: Simulator
) -> None:
    opt_in = [(b"x-relay-cache", b"60")]
    async with caches.lane_with_cache(tmp_path, sim.base_url, store=store) as lane:
        first = await lane.chat("shared", headers=opt_in)
        again = await lane.chat("shared", headers=opt_in)
        assert again.header("x-proxy-cache") == "hit" and again.body == first.body
        await lane.chat("shared", headers=opt_in, stream=True)
    assert len((await store.find(await anything(store))).entries) == 2


async def anything(store: RedisStore) -> Key:
    (name,) = [name async for name in store._redis.scan_iter(match="relay-test:cache*")]
    return Key("", name.decode().removeprefix(PREFIX))


async def test_a_lane_whose_redis_is_away_goes_on(tmp_path: Path, sim: Simulator) -> None:
    away = RedisStore("redis://127.0.0.1:1/0", PREFIX, ["key"])
    async with caches.lane_with_cache(tmp_path, sim.base_url, store=away) as lane:
        for _ in range(2):
            reply = await lane.chat("alone", headers=[(b"x-relay-cache", b"60")])
            assert (reply.status, reply.header("x-proxy-cache")) == (200, "miss")
            assert reply.header("cache-status") == (
                'llm-relay; fwd=uri-miss; detail="the cache does not answer"'
            )
            await until(lambda: lane.runtime.cache and not lane.runtime.cache.calls)
    assert len(sim.requests) == 2


READ = Key("project:a", "digest", keys.resource("project:a", "/v1/models"))


async def test_a_change_holds_for_all_who_share_it(store: RedisStore, redis_url: str) -> None:
    other = RedisStore(redis_url, PREFIX, ["key"])
    nothing = await store.find(READ)
    await store.put(READ, entry(b"old", mark=nothing.mark))
    found = await other.find(READ)
    assert [each.body for each in found.entries] == [b"old"] and found.mark == nothing.mark
    await other.invalidate([READ.resource])
    after = await store.find(READ)
    assert not after.entries and after.mark not in (0, nothing.mark) and store.counters.invalidated == 1
    await store.put(READ, entry(b"late", mark=found.mark))  # it was on its way
    assert not (await other.find(READ)).entries
    await store.put(READ, entry(b"new", mark=after.mark))
    assert [each.body for each in (await other.find(READ)).entries] == [b"new"]
    await other.aclose()


async def test_what_was_asked_for_before_the_first_change_is_not_kept_after_it(store: RedisStore) -> None:
    unmarked = await store.find(READ)
    await store.invalidate([READ.resource])
    await store.put(READ, entry(b"late", mark=unmarked.mark))
    assert not (await store.find(READ)).entries


async def test_nothing_is_true_whose_mark_was_evicted(store: RedisStore, redis_url: str) -> None:
    found = await store.find(READ)
    await store.put(READ, entry(b"old", mark=found.mark))
    (name,) = Redis.from_url(redis_url).scan_iter(match="relay-test:cache*mark:*")
    assert 0 < Redis.from_url(redis_url).ttl(name) <= MARKED_SECONDS
    Redis.from_url(redis_url).delete(name)
    assert not (await store.find(READ)).entries


async def test_away_it_hears_of_no_change_and_fails_nobody() -> None:
    away = RedisStore("redis://127.0.0.1:1/0", PREFIX, ["key"])
    assert not (await away.find(READ)).entries
    await away.invalidate([READ.resource])
    await away.aclose()
