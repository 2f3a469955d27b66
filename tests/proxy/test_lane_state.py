"""Objects that providers keep, through a lane with two providers: made at home, found wherever they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from proxy.routing import stickiness, whereabouts
from proxy.routing.catalogue import Candidate
from proxy.routing.whereabouts import Whereabouts
from proxy.simulator import Simulator
from tests.proxy.lanes import Lane, Reply, provider

pytestmark = pytest.mark.django_db(transaction=True)


class Pair:
    """A lane with two providers, and which of them is home to its key."""

    def __init__(self, lane: Lane, sims: dict[str, Simulator]) -> None:
        self.lane, self.sims = lane, sims
        made = tuple(
            provider(sim.base_url, id=number, provider_key=name)
            for number, (name, sim) in enumerate(sims.items(), 1)
        )
        lane.configuration.current = replace(lane.configuration.current, providers=made)
        candidates = tuple(Candidate(each, None) for each in made)
        first, second = stickiness.at_home(candidates, "credential:7")
        self.home, self.away = first.provider.provider_key, second.provider.provider_key

    async def respond(self, **given: Any) -> Reply:
        return await self.lane.call("POST", "/v1/responses", {"model": "m", "input": "hi", **given})

    async def get(self, response_id: str) -> Reply:
        return await self.lane.call("GET", f"/v1/responses/{response_id}")

    async def forget(self) -> None:
        """As another worker, or this one after a restart."""
        self.lane.runtime.whereabouts.close()
        self.lane.runtime.whereabouts = Whereabouts()


@pytest.fixture
async def pair(lane: Lane, sim: Simulator) -> AsyncIterator[Pair]:
    async with Simulator() as other:
        yield Pair(lane, {"one": sim, "two": other})


async def test_what_is_made_is_made_at_home_and_found_there(pair: Pair) -> None:
    for _ in range(4):
        reply = await pair.respond()
        assert reply.header("x-relay-provider") == pair.home
        assert (await pair.get(reply.json["id"])).status == 200
    assert pair.sims[pair.away].requests == []


async def test_a_response_is_continued_where_it_was_made(pair: Pair) -> None:
    first = (await pair.respond()).json["id"]
    second = await pair.respond(previous_response_id=first)
    assert (second.status, second.header("x-relay-provider")) == (200, pair.home)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_made_elsewhere_is_remembered_by_everybody(pair: Pair, stream: bool) -> None:
    pair.sims[pair.home].script = "status=503"
    reply = await pair.respond(stream=stream)
    assert reply.header("x-relay-provider") == pair.away
    made = stickiness.id_in(reply.body)
    assert made is not None
    pair.sims[pair.home].script = ""
    await pair.forget()
    asked_before = len(pair.sims[pair.home].requests)
    found = await pair.get(made)
    assert (found.status, found.header("x-relay-provider")) == (200, pair.away)
    assert len(pair.sims[pair.home].requests) == asked_before


async def test_an_id_that_nobody_remembers_is_looked_for(pair: Pair) -> None:
    all_providers = pair.lane.configuration.current.providers
    away = tuple(each for each in all_providers if each.provider_key == pair.away)
    pair.lane.configuration.current = replace(pair.lane.configuration.current, providers=away)
    made = (await pair.respond()).json["id"]
    pair.lane.configuration.current = replace(pair.lane.configuration.current, providers=all_providers)
    home = pair.sims[pair.home]
    assert (await pair.get(made)).header("x-relay-provider") == pair.away
    assert len(home.requests) == 1
    assert (await pair.get(made)).header("x-relay-provider") == pair.away
    assert len(home.requests) == 1  # learned


async def test_what_home_has_is_asked_for_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made at home it is written down nowhere; each call about it would ask the database otherwise."""
    made = (await pair.respond()).json["id"]
    asked: list[tuple[str, ...]] = []

    def find(ids: tuple[str, ...]) -> dict[str, int]:
        asked.append(ids)
        return {}

    monkeypatch.setattr(whereabouts, "_find", find)
    for _ in range(3):
        assert (await pair.get(made)).header("x-relay-provider") == pair.home
    assert asked == [(made,)]


async def test_what_nobody_has_is_homes_404(pair: Pair) -> None:
    reply = await pair.get("resp_nowhere")
    assert (reply.status, reply.header("x-relay-provider")) == (404, pair.home)
    assert len(pair.sims[pair.away].requests) == 1


async def test_a_home_that_is_down_is_not_mistaken_for_one_that_does_not_know(pair: Pair) -> None:
    made = (await pair.respond()).json["id"]
    pair.sims[pair.home].script = "status=503"
    for _ in range(8):
        assert (await pair.get(made)).status == 503
    assert pair.sims[pair.away].requests == []


async def test_a_keeper_that_is_gone_is_told_in_words(pair: Pair) -> None:
    await pair.lane.runtime.whereabouts.learn(["resp_gone"], 99)
    reply = await pair.get("resp_gone")
    assert (reply.status, reply.code) == (404, "keeper_unavailable")
    assert "resp_gone" in reply.json["error"]["message"]


async def test_with_one_provider_everything_goes_there(lane: Lane, sim: Simulator) -> None:
    reply = await lane.call("GET", "/v1/responses/resp_unknown")
    assert (reply.status, len(sim.requests)) == (404, 1)
