from __future__ import annotations

from proxy.cache import keys
from proxy.cache.freshness import Terms
from proxy.cache.keys import Key
from proxy.cache.memory import MemoryStore
from proxy.cache.purge import Purge
from proxy.cache.store import MOST_VARIANTS
from tests.proxy.cache.caches import LABEL, entry

KB = 1024
NOW = 1000.0
TERMS = Terms(NOW, 0, 60)


def key(name: object, scope: str = "a") -> Key:
    return Key(scope, str(name))


def store(limit_bytes: int = 100 * KB, at: list[float] | None = None) -> MemoryStore:
    moment = at or [NOW]
    return MemoryStore(limit_bytes, clock=lambda: moment[0])


async def test_what_was_put_is_found_by_its_scope_only() -> None:
    held = store()
    kept = entry(b"one", terms=TERMS)
    held.put(key(1), kept)
    assert list((await held.find(key(1))).entries) == [kept]
    assert list((await held.find(key(1, "b"))).entries) == [] == list((await held.find(key(2))).entries)


async def test_a_newer_one_of_the_same_form_replaces_the_older() -> None:
    held = store()
    held.put(key(1), entry(b"one", terms=TERMS))
    held.put(key(1), entry(b"two", terms=TERMS))
    held.put(key(1), entry(b"stream", terms=TERMS, is_stream=True))
    assert [found.body for found in (await held.find(key(1))).entries] == [b"stream", b"two"]
    assert held.counters.entries == 2
    for number in range(20):
        held.put(key(1), entry(b"x", terms=TERMS, vary=((b"accept-language", b"%d" % number),)))
    assert len((await held.find(key(1))).entries) == held.counters.entries == MOST_VARIANTS


async def test_the_longest_unused_makes_room() -> None:
    held = store(12 * KB)
    for number in range(4):
        held.put(key(number), entry(b"x" * KB, terms=TERMS))
    await held.find(key(0))
    held.put(key(4), entry(b"x" * KB, terms=TERMS))
    found = [number for number in range(5) if (await held.find(key(number))).entries]
    assert 0 in found and 1 not in found and 4 in found
    assert held.counters.bytes <= 12 * KB and held.counters.evicted >= 1


async def test_who_fills_it_makes_room_and_nobody_else() -> None:
    held = store(100 * KB)
    held.put(key("mine", "small"), entry(b"x" * KB, terms=TERMS))
    for number in range(500):
        held.put(key(number, "greedy"), entry(b"x" * KB, terms=TERMS))
    assert (await held.find(key("mine", "small"))).entries
    assert held.counters.bytes <= 100 * KB


async def test_very_many_keys_stay_within_the_bound() -> None:
    held = store(256 * KB)
    shown = entry(b"x" * 100, terms=TERMS)
    for number in range(100_000):
        held.put(key(number, f"p{number % 10}"), shown)
    assert held.counters.bytes <= 256 * KB
    assert held.counters.entries == sum(len(share.entries) for share in held._shares.values()) < 200
    assert len(held._by_end._heap) < 1000 and len(held._by_size._heap) < 1000


async def test_what_is_over_goes_with_the_next_that_comes() -> None:
    moment = [NOW]
    held = store(at=moment)
    held.put(key(1), entry(b"x", terms=TERMS))
    held.put(key(2), entry(b"x", terms=TERMS._replace(lifetime=600)))
    moment[0] += 61
    held.put(key(3), entry(b"x", terms=TERMS._replace(received_at=moment[0])))
    assert not (await held.find(key(1))).entries and (await held.find(key(2))).entries
    assert held.counters.expired == 1 and held.counters.entries == 2


async def test_one_that_is_larger_than_all_is_not_kept() -> None:
    held = store(KB)
    held.put(key(1), entry(b"x" * 2 * KB, terms=TERMS))
    assert held.counters.entries == held.counters.bytes == 0


async def test_a_purge_takes_what_fits_and_counts_it() -> None:
    held = store()
    held.put(key(1), entry(b"x", terms=TERMS))
    held.put(key(1), entry(b"y", terms=TERMS, is_stream=True, label=LABEL._replace(tags=("t",))))
    held.put(key(2), entry(b"z", terms=TERMS, label=LABEL._replace(models=("other",))))
    assert held.forget(Purge(tag="t")) == 1
    assert held.forget(Purge(model="gpt-4o")) == 1
    assert held.forget(Purge()) == 1
    assert held.counters.entries == held.counters.bytes == 0 and held.counters.purged == 3
    await held.aclose()


async def test_what_was_asked_for_before_a_change_is_gone() -> None:
    held = store()
    resource = keys.resource("a", "/v1/models")
    read, twin = Key("a", "1", resource), Key("a", "2", resource)
    before = await held.find(read)
    held.put(read, entry(b"old", terms=TERMS, mark=before.mark))
    held.put(twin, entry(b"old, too", terms=TERMS, mark=before.mark))
    assert (await held.find(read)).entries and (await held.find(twin)).entries
    held.invalidate([resource])
    held.put(read, entry(b"late", terms=TERMS, mark=before.mark))
    after = await held.find(read)
    assert not after.entries and after.mark != before.mark
    held.put(twin, entry(b"new", terms=TERMS, mark=after.mark))
    assert [found.body for found in (await held.find(twin)).entries] == [b"new"]
    assert held.counters.entries == 1 and held.counters.bytes > 0
    assert held.counters.invalidated == 1  # the other was replaced
