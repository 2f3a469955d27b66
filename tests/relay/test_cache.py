"""The cache of a whole relay: sockets, two workers, the recorder, the management API and the command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay
from tests.waiting import until

OPT_IN = {"x-relay-cache": "600"}


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    running = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    try:
        yield running.start()
    finally:
        running.remove()


def chat(relay: Relay, text: str, **given: Any) -> httpx.Response:
    payload = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **given}
    headers = {"authorization": f"Bearer {relay.key}", **OPT_IN}
    return httpx.post(f"{relay.base_url}/chat/completions", json=payload, headers=headers, timeout=30)


def manage(relay: Relay, method: str, path: str, **given: Any) -> Any:
    headers = {"authorization": f"Bearer {relay.management_token}"}
    answer = httpx.request(method, f"{relay.url}/manage{path}", headers=headers, timeout=30, **given)
    assert answer.is_success, answer.text
    return answer.json()


def asked(simulator: Simulator, text: str) -> int:
    return sum(text.encode() in request.body for request in simulator.requests)


def test_a_hit_is_recorded_with_what_it_saved(relay: Relay, simulator: Simulator) -> None:
    told = []
    while (again := chat(relay, "saved by the cache")).headers["x-proxy-cache"] != "hit":
        told.append(again.json())  # each of the two workers asks once
    assert again.json() in told and asked(simulator, "saved by the cache") == len(told) <= 2

    def recorded() -> Any:
        shown = httpx.get(
            f"{relay.url}/manage/logs/{again.headers['x-relay-request-id']}",
            headers={"authorization": f"Bearer {relay.management_token}"},
        )
        return shown.json() if shown.status_code == 200 else None

    until(recorded, 30)
    record = recorded()
    assert record["is_cached"] is True and record["cost"] == "0.000000000" and record["attempts"] == []
    assert float(record["saved_cost"]) > 0 and record["total_tokens"] == again.json()["usage"]["total_tokens"]
    assert record["response_body"] == again.json()
    assert record["edits"][0]["kind"] == "cache"
    (key,) = [each for each in manage(relay, "GET", "/credentials")["results"] if each["name"] == "default"]
    assert key["cache_hit_count"] >= 1
    totals = manage(relay, "GET", "/stats")["totals"]
    assert totals["cache_hits"] >= 1 and float(totals["saved_cost"]) > 0
    assert float(manage(relay, "GET", "/cache")["saved_cost"]) >= float(totals["saved_cost"])


def test_a_hundred_ask_at_once_over_sockets(relay: Relay, simulator: Simulator) -> None:
    text = "a hundred at once [[sim ttft=700 id=hundred]]"

    async def all_of_them() -> list[httpx.Response]:
        payload = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
        headers = {"authorization": f"Bearer {relay.key}", **OPT_IN}
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(timeout=60, limits=limits, headers=headers) as client:
            url = f"{relay.base_url}/chat/completions"
            return list(await asyncio.gather(*(client.post(url, json=payload) for _ in range(100))))

    replies = asyncio.run(all_of_them())
    assert {reply.status_code for reply in replies} == {200}
    assert asked(simulator, "id=hundred") <= 2  # one of each worker


def test_a_purge_reaches_every_worker(relay: Relay, simulator: Simulator) -> None:
    def fill() -> None:
        for _ in range(100):  # until both have it
            if {chat(relay, "to be purged").headers["x-proxy-cache"] for _ in range(8)} == {"hit"}:
                return

    fill()
    before = asked(simulator, "to be purged")
    shown = manage(relay, "GET", "/cache")
    assert shown["workers"] == 2 and shown["entries"] >= 1 and shown["bytes"] > 0
    deleted = manage(
        relay, "POST", "/cache/purge", json={"method": "POST", "url": f"{relay.url}/v1/chat/completions"}
    )
    assert deleted["deleted"] >= before
    assert chat(relay, "to be purged").headers["x-proxy-cache"] == "stored"
    assert asked(simulator, "to be purged") == before + 1
    done = managing.run(["cache", "purge", "--all", "--json"], relay.environ)
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["deleted"] >= 1
    assert manage(relay, "GET", "/cache")["entries"] == 0


def test_a_change_reaches_every_worker(relay: Relay, simulator: Simulator) -> None:
    url, headers = f"{relay.base_url}/models/gpt-4o-mini", {"authorization": f"Bearer {relay.key}", **OPT_IN}

    def said() -> str:
        return httpx.get(url, headers=headers).headers["x-proxy-cache"]

    def stored() -> list[str]:
        """Until each of the two workers has asked once, and both have it."""
        found: list[str] = []
        until(lambda: found.append(said()) or found.count("stored") == 2)
        return found

    stored()
    assert {said() for _ in range(8)} == {"hit"}
    assert httpx.delete(url, headers=headers).is_success
    assert stored()[0] == "stored" and {said() for _ in range(8)} == {"hit"}
