from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from proxy.errors import RelayError
from proxy.exchange import Exchange
from proxy.health import Outcome
from proxy.request.edits import Outgoing
from proxy.routing import routing
from proxy.routing.catalogue import Candidate
from proxy.simulator import Simulator
from tests.proxy import calls
from tests.proxy.lanes import SETTINGS, Lane, provider


def configure(lane: Lane, *of_each: dict[str, Any]) -> tuple[Candidate, ...]:
    """Providers 1, 2, … with these differences, and the candidates they are."""
    base_url = lane.configuration.current.providers[0].api_base
    made = tuple(
        provider(base_url, id=number, provider_key=f"p{number}", **given)
        for number, given in enumerate(of_each, 1)
    )
    lane.configuration.current = replace(lane.configuration.current, providers=made)
    return tuple(Candidate(each, None) for each in made)


def ids(lane: Lane, candidates: tuple[Candidate, ...], **settings: Any) -> list[int]:
    found = routing.in_turn(candidates, lane.runtime, replace(SETTINGS, **settings))
    return [candidate.provider.id for candidate in found]


def open_breaker(lane: Lane, provider_id: int) -> None:
    for _ in range(10):
        lane.runtime.health.report(provider_id, Outcome.SERVER_ERROR)


async def test_calls_are_shared_by_weight_exactly(lane: Lane, sim: Simulator) -> None:
    configure(lane, {"weight": 3}, {"weight": 1})
    served = Counter([(await lane.chat()).header("x-relay-provider") for _ in range(40)])
    assert served == {"p1": 30, "p2": 10}


async def test_three_to_one_over_400(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 3}, {"weight": 1})
    assert Counter(ids(lane, candidates)[0] for _ in range(400)) == {1: 300, 2: 100}


async def test_the_others_stand_in_for_the_first(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 3}, {"weight": 1}, {"weight": 2})
    assert sorted(ids(lane, candidates)) == [1, 2, 3]


async def test_a_choice_at_random_is_an_option(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 3}, {"weight": 1})
    firsts = [ids(lane, candidates, chooses_randomly=True)[0] for _ in range(400)]
    assert 240 < Counter(firsts)[1] < 360
    assert firsts[:4] * 100 != firsts


async def test_a_lower_tier_comes_after_the_upper(lane: Lane) -> None:
    candidates = configure(lane, {"priority": 5}, {"priority": 0}, {"priority": 0})
    for _ in range(6):
        assert ids(lane, candidates)[2] == 1


async def test_who_is_ill_is_left_out(lane: Lane) -> None:
    candidates = configure(lane, {}, {}, {"priority": 1})
    open_breaker(lane, 1)
    assert ids(lane, candidates) == [2, 3]
    open_breaker(lane, 2)
    assert ids(lane, candidates) == [3]


async def test_when_all_are_ill_one_is_asked_all_the_same(lane: Lane) -> None:
    candidates = configure(lane, {}, {})
    open_breaker(lane, 1)
    open_breaker(lane, 2)
    assert len(ids(lane, candidates)) == 1


async def test_weight_0_takes_no_new_calls(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 0}, {})
    assert ids(lane, candidates) == [2]
    open_breaker(lane, 2)
    assert ids(lane, candidates) == [2]


async def test_when_every_weight_is_0_the_answer_says_so(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 0}, {"weight": 0})
    with pytest.raises(RelayError) as refused:
        ids(lane, candidates)
    assert (refused.value.status, refused.value.code) == (503, "no_provider")
    assert "weight 0" in refused.value.message


@pytest.mark.parametrize("weights", [[0], [0, 0]])
async def test_without_any_weight_nothing_new_is_asked_or_made(
    lane: Lane, sim: Simulator, weights: list[int]
) -> None:
    configure(lane, *({"weight": weight} for weight in weights))
    for path in ("/v1/chat/completions", "/v1/responses"):
        refused = await lane.call("POST", path, {"model": "m"})
        assert (refused.status, refused.code) == (503, "no_provider")
    assert not sim.requests


async def test_what_a_provider_without_weight_keeps_can_be_had(lane: Lane) -> None:
    configure(lane, {"weight": 0})
    assert (await lane.call("GET", "/v1/files")).status == 200


async def test_a_provider_without_weight_can_be_named(lane: Lane) -> None:
    candidates = configure(lane, {"weight": 0})
    exchange = Exchange(lane.journal, calls.call(body={}))
    assert routing.firsts(exchange, None, lane.runtime) == ()
    exchange.only_provider = "p1"
    assert routing.firsts(exchange, None, lane.runtime) == candidates
    assert (await routing.choose(exchange, Outgoing(None, None), lane.runtime)).candidates == candidates


async def test_who_might_be_first_is_who_is_asked_first(lane: Lane) -> None:
    configure(lane, {}, {}, {"priority": 1}, {"weight": 0})
    exchange = Exchange(lane.journal, calls.call(body={}))
    assert [each.provider.id for each in routing.firsts(exchange, None, lane.runtime)] == [1, 2]
    for ill in (1, 2, 3):
        open_breaker(lane, ill)
    (first,) = routing.firsts(exchange, None, lane.runtime)
    assert (await routing.choose(exchange, Outgoing(None, None), lane.runtime)).candidates == (first,)
