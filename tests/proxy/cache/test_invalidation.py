"""What a call changes: RFC 9111, section 4.4."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hishel import CacheMiss, Entry, Headers, IdleClient, InvalidateEntries, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from accounts.secrets import keys as secrets
from proxy.cache import invalidation, policy
from proxy.configuration.configuration import Key, Project, Route
from tests.proxy import lanes
from tests.proxy.cache import caches
from tests.proxy.calls import call
from tests.proxy.lanes import SECRET, Lane, Reply, until
from tests.proxy.peers import Peer

KEPT = b"Content-Type: application/json\r\nCache-Control: public, max-age=60\r\n"
MODEL = "/v1/models/ft:gpt-4o:acme"
BASE = "https://api.example.com/v1"


def answer(status: str = "200 OK", head: bytes = KEPT, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status.encode(), head, len(body), body)


def changed(method: str, path: str, **headers: str) -> set[str]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return invalidation.changed(call(method, path), BASE + path.removeprefix("/v1"), raw)


@given(st.sampled_from(["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]), st.integers(200, 599))
def test_it_is_a_change_where_a_state_machine_of_rfc_9111_takes_it_for_one(method: str, status: int) -> None:
    asked = Request("GET", "https://relay.test/v1/things", Headers({}))
    stored = Entry(uuid.uuid4(), asked, Response(200, Headers({"cache-control": "public, max-age=60"})))
    made = Request(method, "https://relay.test/v1/things", Headers({}))
    state = IdleClient(options={"shared": True}).next(made, [stored])
    theirs = isinstance(state, CacheMiss) and isinstance(state.next(Response(status)), InvalidateEntries)
    assert invalidation.is_change(call(method, "/v1/things"), status) == theirs


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/moderations", "/v1/messages"]
)
def test_asking_a_model_is_none(path: str) -> None:
    assert not invalidation.is_change(call("POST", path), 200)


def test_it_is_of_the_address_and_the_listings_around_it() -> None:
    assert changed("DELETE", MODEL) == {MODEL, "/v1/models"}
    assert changed("POST", "/v1/things/") == {"/v1/things"}
    assert changed("PATCH", "/v1/things/1/parts/2") == {
        "/v1/things/1/parts/2", "/v1/things/1/parts", "/v1/things"
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/files", "/v1/batches/b/cancel", "/v1/chat/completions/c", "/v1/audio/speech"]
)
def test_where_no_answer_to_get_is_ever_stored_there_is_nothing_to_do(path: str) -> None:
    assert changed("POST", path) == set()


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("/v1/models/new", {"/v1/models/new"}),
        ("https://api.example.com/v1/models/a%20b?x=1", {"/v1/models/a b"}),
        ("speech/1", {"/v1/audio/speech/1"}),
        ("https://elsewhere.example.com/v1/models/new", set()),
        ("/other/models/new", set()),
        ("/v1/files/f-1", set()),
        ("http://[", set()),
    ],
)
@pytest.mark.parametrize("name", ["location", "content_location"])
def test_and_of_what_the_answer_names_on_the_same_provider(name: str, location: str, named: set[str]) -> None:
    assert changed("POST", "/v1/audio/speech", **{name: location}) == named


class Shop:
    """A provider whose answers may all be kept, and the relay before it."""

    def __init__(self, lane: Lane, peer: Peer) -> None:
        self.lane = lane
        self.peer = peer

    async def call(self, method: str, target: str, secret: str = SECRET) -> Reply:
        body = {"name": "x"} if method in ("POST", "PUT", "PATCH") else b""
        return await self.lane.call(method, target, body, secret=secret)

    async def is_hit(self, target: str, secret: str = SECRET) -> bool:
        return (await self.call("GET", target, secret)).header("x-proxy-cache") == "hit"

    def give_keys(self, *given: Key) -> list[str]:
        """The secrets of keys beside the first one."""
        made = [f"sk-shop-{number}-0f1e2d3c" for number in range(len(given))]
        current = self.lane.configuration.current
        known = dict(current.keys) | {
            secrets.digest(secret): key for secret, key in zip(made, given, strict=True)
        }
        self.lane.configuration.current = replace(current, keys=known)
        return made


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with Peer(answer()) as peer, caches.lane_with_cache(tmp_path, f"{peer.origin}/v1") as lane:
        yield Shop(lane, peer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
async def test_after_a_change_it_is_asked_for_again(shop: Shop, method: str) -> None:
    targets = ("/v1/models", MODEL, f"{MODEL}?x=1", "/v1/models/another")
    for target in targets:
        assert not await shop.is_hit(target) and await shop.is_hit(target)
    assert (await shop.call(method, MODEL)).status == 200
    assert [await shop.is_hit(target) for target in targets] == [False, False, False, True]
    assert await shop.is_hit(MODEL)
    assert shop.lane.runtime.cache and shop.lane.runtime.cache.counters.invalidated == 3


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Internal Server Error"])
async def test_what_failed_changed_nothing(tmp_path: Path, status: str) -> None:
    async with (
        Peer(answer(), answer(status)) as peer,
        caches.lane_with_cache(tmp_path, f"{peer.origin}/v1") as lane,
    ):
        shop = Shop(lane, peer)
        await shop.is_hit(MODEL)
        await shop.call("DELETE", MODEL)
        assert await shop.is_hit(MODEL)


async def test_what_was_on_its_way_is_not_kept(tmp_path: Path) -> None:
    slow = [b"HTTP/1.1 200 OK\r\n" + KEPT + b"Content-Length: 2\r\n\r\n", b"{", b"}"]
    async with Peer(slow, answer()) as peer, caches.lane_with_cache(tmp_path, f"{peer.origin}/v1") as lane:
        shop = Shop(lane, peer)
        early = asyncio.create_task(shop.call("GET", MODEL))
        await until(lambda: peer.requests)
        await shop.call("DELETE", MODEL)
        assert (await early).status == 200
        assert not await shop.is_hit(MODEL) and await shop.is_hit(MODEL)


async def test_nobody_joins_a_call_from_before(tmp_path: Path) -> None:
    slow = [b"HTTP/1.1 200 OK\r\n" + KEPT + b"Content-Length: 2\r\n\r\n", b"{", b"}"]
    async with Peer(slow, answer()) as peer, caches.lane_with_cache(tmp_path, f"{peer.origin}/v1") as lane:
        opt_in = [(b"x-relay-cache", b"60")]
        early = asyncio.create_task(lane.call("GET", MODEL, headers=opt_in))
        await until(lambda: peer.requests)
        await lane.call("DELETE", MODEL)
        late = await lane.call("GET", MODEL, headers=opt_in)
        assert "collapsed" not in (late.header("cache-status") or "") and (await early).status == 200
        assert len(peer.requests) == 3


async def test_a_routes_own_prefix_is_the_same_resource(shop: Shop) -> None:
    route = Route("r", "/team")
    shop.lane.configuration.current = replace(shop.lane.configuration.current, routes=(route,))
    assert not await shop.is_hit("/team/models/m") and await shop.is_hit("/team/models/m")
    await shop.call("DELETE", "/v1/models/m")
    assert not await shop.is_hit("/team/models/m")


async def test_a_project_hears_of_its_own_changes_and_of_those_it_shares(shop: Shop) -> None:
    def key(number: int, project: str, **said: str) -> Key:
        known = Project(project, project, cache_policy=policy.parse(said))
        return lanes.key(id=str(number), project=known)

    one, mate, other, sharing, shares_too = shop.give_keys(
        key(1, "a", scope="key"), key(2, "a"), key(3, "b"),
        key(4, "c", scope="shared"), key(5, "d", scope="shared"),
    )  # fmt: skip

    async def hits() -> list[bool]:
        return [await shop.is_hit(MODEL, secret) for secret in (one, mate, other, sharing, shares_too)]

    assert await hits() == [False, False, False, False, True] and await hits() == [True] * 5
    await shop.call("DELETE", MODEL, mate)
    assert await hits() == [False, False, True, True, True] and await hits() == [True] * 5
    await shop.call("DELETE", MODEL, shares_too)
    assert await hits() == [True, True, True, False, True]


async def test_a_policy_that_keeps_nothing_hides_no_change(shop: Shop) -> None:
    await shop.is_hit(MODEL)
    route = Route("r", "/off", cache_policy=policy.parse({"mode": "off"}))
    shop.lane.configuration.current = replace(shop.lane.configuration.current, routes=(route,))
    await shop.call("DELETE", MODEL.replace("/v1", "/off"))
    assert not await shop.is_hit(MODEL)
