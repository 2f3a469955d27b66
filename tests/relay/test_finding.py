"""A call through a running relay is found by its words and is in the sums, within seconds."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.running import MANAGEMENT_TOKEN, PROXY_KEY, Relay

HEADERS = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}


def ask(relay: Relay, path: str) -> Any:
    answer = httpx.get(f"http://127.0.0.1:{relay.port}{path}", headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_recorder_indexes_and_sums_up_what_it_records(relay_server: Relay) -> None:
    question = {"model": "finding", "messages": [{"role": "user", "content": "哪里有 Xylophonmuseum?"}]}
    httpx.post(
        f"http://127.0.0.1:{relay_server.port}/v1/chat/completions",
        json=question,
        headers={"authorization": f"Bearer {PROXY_KEY}"},
    ).raise_for_status()
    found: list[Any] = []
    ends_at = time.monotonic() + 20
    while not found and time.monotonic() < ends_at:
        time.sleep(0.1)
        found = ask(relay_server, "/manage/logs?search=xylophonmuseum")["results"]
    assert [record["model"] for record in found] == ["finding"]
    assert ask(relay_server, "/manage/logs?search=哪里")["results"] == found
    assert ask(relay_server, "/manage/stats?model=finding")["totals"]["requests"] == 1
    assert ask(relay_server, "/admin/logs?model=finding")["total"] == 1
