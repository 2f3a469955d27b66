import random
from collections import Counter

import orjson
import pytest

from proxy.simulator import Simulator, scenarios
from proxy.simulator.scenarios import WEIGHTS, Scenario
from tests.proxy.simulator.rawhttp import http_request, send, unchunk

EXPECTED = {scenarios.rate_limited: 429, scenarios.server_error: 500, scenarios.too_long: 400}


@pytest.mark.parametrize("scenario", WEIGHTS, ids=lambda scenario: scenario.__name__)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_scenario_is_answered_as_planned(sim: Simulator, scenario: Scenario, seed: int) -> None:
    visit = scenario(random.Random(seed))
    seen = await send(sim, http_request(orjson.dumps(visit.payload), target=f"/v1{visit.path}"))
    assert seen.status == EXPECTED.get(scenario, 200), seen.body
    if visit.payload.get("stream"):
        assert unchunk(seen.body)[1] is (scenario is not scenarios.cut_off)


def test_all_scenarios_happen() -> None:
    chance = random.Random(5)
    paths = Counter(scenarios.choose(chance).path for _ in range(500))
    assert set(paths) == {"/chat/completions", "/responses", "/messages", "/embeddings", "/moderations"}


def test_conversation_carries_its_session() -> None:
    visits = [scenarios.conversation(random.Random(seed)) for seed in range(20)]
    assert len({visit.headers["x-relay-session"] for visit in visits}) > 5
    assert len({len(visit.payload["messages"]) for visit in visits}) > 1
