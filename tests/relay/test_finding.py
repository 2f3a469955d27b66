"""A call through a running relay is found by its words and is in the sums, within seconds."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.running import MANAGEMENT_TOKEN, PROXY_KEY, Relay
from tests.waiting import until

HEADERS = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
PATIENCE_SECONDS = 30


def ask(relay: Relay, path: str) -> Any:
    answer = httpx.get(f"http://127.0.0.1:{relay.port}{path}", headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_recorder_indexes_and_sums_up_what_it_records(relay_server: Relay) -> None:
    # Words of this try's own: the relay is shared, and a test that is run again asks again.
    model, word = f"finding-{uuid4().hex[:8]}", f"Xylophon{uuid4().hex}"
    question = {"model": model, "messages": [{"role": "user", "content": f"哪里有 {word}?"}]}
    httpx.post(
        f"http://127.0.0.1:{relay_server.port}/v1/chat/completions",
        json=question,
        headers={"authorization": f"Bearer {PROXY_KEY}"},
    ).raise_for_status()

    def found(query: str) -> list[Any]:
        return ask(relay_server, f"/manage/logs?{query}")["results"]

    records = until(lambda: found(f"search={word.lower()}"), PATIENCE_SECONDS)
    assert [record["model"] for record in records] == [model]
    assert found(f"model={model}&search=哪里") == records
    # Records are summed up after they are written, in a step of its own.
    until(
        lambda: ask(relay_server, f"/manage/stats?model={model}")["totals"]["requests"] == 1, PATIENCE_SECONDS
    )
    assert ask(relay_server, f"/admin/logs?model={model}")["total"] == 1
