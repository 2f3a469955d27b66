from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.configuration.configuration import Provider, Snapshot
from proxy.health import Health, Outcome, watch
from proxy.health.watch import Leadership, Watch
from proxy.sending.upstream import Upstream
from proxy.simulator import Simulator
from tests.proxy.lanes import SETTINGS, provider, until
from tests.proxy.peers import Peer
from tests.proxy.test_health_check import error


class Configured:
    def __init__(self, *providers: Provider, interval: float = 0.02) -> None:
        self.current = Snapshot(1, {}, providers, replace(SETTINGS, health_interval_seconds=interval))


class Watched:
    """A watch with what it needs; turns come at once."""

    def __init__(self, folder: Path, *providers: Provider, interval: float = 0.02) -> None:
        self.configured = Configured(*providers, interval=interval)
        self.health = Health(self.configured)
        self.upstream = Upstream()
        self.watch = Watch(self.configured, self.health, self.upstream, folder)

    async def ask_all(self) -> None:
        self.watch.ask_those_due()
        await asyncio.sleep(self.configured.current.settings.health_interval_seconds * 1.5)
        self.watch.ask_those_due()
        await until(lambda: not self.watch._asking)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.aclose()


async def test_everybody_is_asked_for_the_list_of_models(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        one = provider(simulator.base_url)
        watched = Watched(tmp_path, one, replace(one, id=2))
        await watched.ask_all()
        await watched.upstream.aclose()
    asked = [(received.method, received.target) for received in simulator.requests]
    assert asked == [("GET", "/v1/models")] * 2
    assert dict(watched.health.states()) == {}


async def test_nobody_is_asked_without_an_interval(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        watched = Watched(tmp_path, provider(simulator.base_url), interval=0)
        await watched.ask_all()
        await watched.upstream.aclose()
    assert simulator.requests == []


async def test_who_is_well_is_asked_ever_more_seldom_until_it_is_sick(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        watched = Watched(tmp_path, provider(simulator.base_url))
        for expected in (2, 4):
            watched.watch._turns.clear()
            watched.watch.ask_those_due()
            turn = watched.watch._turns[1]
            turn.intervals = expected // 2
            turn.at = 0
            watched.watch.ask_those_due()
            await until(lambda: not watched.watch._asking)
            assert turn.intervals == expected
        watched.health.report(1, Outcome.SERVER_ERROR)
        watched.watch.ask_those_due()
        assert turn.intervals == 1
        await until(lambda: not watched.watch._asking)
        await watched.upstream.aclose()


async def test_a_probe_that_fails_is_told_the_breaker(upstream: Upstream) -> None:
    configured = Configured(provider("http://127.0.0.1:1"))
    health = Health(configured)
    for _ in range(4):
        assert not await watch.probe(configured.current.providers[0], health, upstream)
    assert (health.share(1), health.states()[1].reason) == (0, "transport")


async def test_a_refused_key_is_set_aside_and_comes_back_when_it_is_accepted(upstream: Upstream) -> None:
    async with Simulator(api_key="sk-upstream") as simulator:
        configured = Configured(provider(simulator.base_url))
        health = Health(configured)
        simulator.api_key = "sk-another"
        assert not await watch.probe(configured.current.providers[0], health, upstream)
        assert health.share(1) == 0
        simulator.api_key = "sk-upstream"
        assert await watch.probe(configured.current.providers[0], health, upstream)
        assert health.share(1) == 1


async def test_one_key_of_several_is_set_aside(upstream: Upstream) -> None:
    async with Simulator(api_key="sk-good") as simulator:
        several = provider(simulator.base_url, api_key="sk-bad", extra_api_keys=("sk-good",))
        health = Health(Configured(several))
        await watch.probe(several, health, upstream)
        assert (health.share(1), {health.key_for(several) for _ in range(3)}) == (1, {"sk-good"})


@pytest.mark.parametrize(("params", "method"), [({}, b"GET"), ({"health_model": "gpt-4o"}, b"POST")])
async def test_only_a_chosen_model_is_asked_for_a_token(
    upstream: Upstream, params: Any, method: bytes
) -> None:
    async with Peer(error(404, "there is no such page")) as peer:
        asked = provider(peer.origin, params=params, model_mapping={"a": "gpt-4o"})
        await watch.probe(asked, Health(Configured(asked)), upstream)
    assert [request.split()[0] for request in peer.requests] == [method]


def test_one_process_leads_until_it_ends(tmp_path: Path) -> None:
    one, other = (Leadership(tmp_path / "health" / "leader") for _ in range(2))
    assert [one.is_ours(), other.is_ours(), one.is_ours()] == [True, False, True]
    one.end()
    assert other.is_ours()
    other.end()


async def test_it_runs_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(watch, "SYNC_SECONDS", 0.01)
    async with Simulator() as simulator:
        watched = Watched(tmp_path, provider(simulator.base_url))
        task = asyncio.create_task(watched.watch.run())
        await until(lambda: simulator.requests)
        task.cancel()
        await asyncio.wait([task])
        await watched.upstream.aclose()
    assert simulator.requests[0].target == "/v1/models"
    assert Leadership(tmp_path / "health" / "leader").is_ours()


async def test_what_the_leader_learns_is_shared_as_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting:
        syncs = 0
        is_closed = False

        async def sync(self) -> None:
            self.syncs += 1

        async def aclose(self) -> None:
            self.is_closed = True

    monkeypatch.setattr(watch, "SYNC_SECONDS", 0.01)
    configured, upstream = Configured(interval=0), Upstream()
    machines = [Counting(), Counting()]
    tasks = [
        asyncio.create_task(Watch(configured, Health(configured), upstream, tmp_path, each).run())  # type: ignore[arg-type]
        for each in machines
    ]
    await until(lambda: any(each.syncs > 2 for each in machines))
    assert sorted(each.syncs > 0 for each in machines) == [False, True]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(each.is_closed for each in machines)
    await upstream.aclose()
