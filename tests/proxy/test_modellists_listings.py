from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxy.configuration.configuration import Provider
from proxy.modellists import listings
from proxy.modellists.listings import Listings
from proxy.sending.upstream import Upstream
from tests.proxy.lanes import until
from tests.proxy.peers import Peer
from tests.proxy.test_modellists_merging import listing


@pytest.fixture
async def kept() -> AsyncIterator[Listings]:
    upstream = Upstream()
    made = Listings(upstream)
    yield made
    made.close()
    await upstream.aclose()


def at(peer: Peer, api_key: str = "sk") -> Provider:
    return Provider(1, "default", "openai", peer.origin, api_key)


async def test_those_who_ask_at_once_share_one_call(kept: Listings) -> None:
    async with Peer(listing("a", "b")) as peer:
        found = await asyncio.gather(*(kept.of([at(peer)]) for _ in range(5)))
        assert found == [[("a", "b")]] * 5
        assert len(peer.requests) == 1
        await kept.of([at(peer, "sk-other")])
        assert len(peer.requests) == 2


async def test_an_old_list_is_given_while_a_new_one_is_fetched(
    kept: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Peer(listing("old"), listing("new")) as peer:
        monkeypatch.setattr(listings, "FRESH_SECONDS", 0)
        assert await kept.of([at(peer)]) == [("old",)]
        assert await kept.of([at(peer)]) == [("old",)]
        await until(lambda: len(peer.requests) == 2)
        await asyncio.sleep(0.05)
        assert await kept.of([at(peer)]) == [("new",)]


async def test_the_last_list_stands_while_a_provider_is_away(
    kept: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Peer(listing("a"), b"") as peer:
        monkeypatch.setattr(listings, "FRESH_SECONDS", 0)
        asked = []
        for _ in range(4):
            assert await kept.of([at(peer)]) == [("a",)]
            await asyncio.sleep(0.1)
            asked.append(len(peer.requests))
        assert asked[0] < asked[1] == asked[2] == asked[3]  # a failure is not repeated at once


async def test_a_slow_provider_is_not_waited_for(kept: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "DEADLINE_SECONDS", 0.1)
    async with Peer([b""] * 100) as silent, Peer(listing("a")) as peer:
        slow = Provider(2, "slow", "openai", silent.origin, "sk")
        assert await kept.of([slow, at(peer)]) == [(), ("a",)]


async def test_old_lists_make_room(kept: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "_REMEMBERED", 2)
    async with Peer(listing("a")) as peer:
        for secret in "abcd":
            await kept.of([at(peer, secret)])
        assert len(kept._known) == 2
