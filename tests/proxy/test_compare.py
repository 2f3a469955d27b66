"""A comparison through a running relay, by the API and by the command."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay

TAG = "to-be-compared"


@pytest.fixture(scope="module")
def manage(relay_server: Relay) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {relay_server.management_token}"}
    with httpx.Client(base_url=relay_server.url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def records(relay_server: Relay, manage: httpx.Client) -> list[str]:
    for number in range(3):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"number {number}"}]}
        headers = {"authorization": f"Bearer {relay_server.key}", "x-relay-tags": TAG}
        assert httpx.post(f"{relay_server.base_url}/chat/completions", json=body, headers=headers).is_success
    ends_at = time.monotonic() + 20
    while len(found := manage.get("/manage/logs", params={"tag": TAG}).json()["results"]) < 3:
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    return [record["id"] for record in found]


def compared(manage: httpx.Client, **given: Any) -> list[Any]:
    answer = manage.post("/manage/logs/compare", json={"filters": {"tag": TAG}, **given})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_two_ways_of_asking_are_compared(manage, records):
    head, *rows, tail = compared(
        manage, limit=3, a={"recorded": True}, b={"model": "gpt-4o-mini"},
        checks=[{"kind": "regex", "value": "number [0-9]"}, {"kind": "exact", "value": "never"}],
    )  # fmt: skip
    assert head == {"total": 6}
    assert {row["record"] for row in rows} == set(records)
    assert {(row["variant"], row["model"]) for row in rows} == {("a", "gpt-4o"), ("b", "gpt-4o-mini")}
    assert all(row["outcome"] == "completed" and row["prompt_tokens"] for row in rows)
    assert all("number" in row["answer"] for row in rows)
    assert [row["id"] for row in rows if row["variant"] == "a"] != []
    assert tail["summary"]["b"]["passed"] == {"regex number [0-9]": 3, "exact never": 0}


def test_what_cannot_be_asked_is_a_row_with_the_reason(manage, records):
    _, *rows, tail = compared(manage, limit=1, b={"provider": "elsewhere"}, key="default")
    failed = next(row for row in rows if row["variant"] == "b")
    assert "no enabled provider 'elsewhere'" in failed["error"]
    assert tail["summary"]["b"]["failed"] == 1


def test_calls_that_the_relay_made_are_not_asked_again(manage, records):
    assert compared(manage, limit=50, a={"recorded": True}, b={"recorded": True})[0] == {"total": 6}


@pytest.mark.parametrize(
    "given",
    [
        {"limit": 0},
        {"checks": [{"kind": "regex", "value": "("}]},
        {"filters": {"status": "x"}},
        {"filters": {"tags": TAG}},
        {"filter": {"tag": TAG}},
        {"a": {"modle": "gpt-4o"}},
    ],
)
def test_nonsense_is_refused_before_any_call(manage, given):
    assert manage.post("/manage/logs/compare", json=given).status_code == 400


def test_the_command_prints_a_table_and_writes_the_calls(relay_server, records, tmp_path: Path):
    file = tmp_path / "calls.csv"
    arguments = [
        "compare", "--tag", TAG, "--a", "recorded", "--b", "model=gpt-4o-mini", "--b", "temperature=0",
        "--same", "--regex", "number", "--csv", str(file), "--limit", "2",
    ]  # fmt: skip
    done = managing.run(arguments, relay_server.environ)
    assert done.returncode == 0, done.stderr
    table = {line.rpartition("  ")[0].split("  ")[0]: line.split()[-2:] for line in done.stdout.splitlines()}
    assert table["calls"] == ["2", "2"]
    assert table["passed: regex number"] == ["2", "2"]
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 4
    assert {row["model"] for row in rows} == {"gpt-4o", "gpt-4o-mini"}
    assert {row["regex number"] for row in rows} == {"true"}
    assert all("number" in row["answer"] for row in rows)


def test_the_command_refuses_in_words(relay_server):
    done = managing.run(["compare", "--tag", "nobody-has-it"], relay_server.environ)
    assert (done.returncode, done.stderr.strip()) == (1, "CommandError: No record fits these filters.")


def test_a_table_that_cannot_be_written_costs_no_call(relay_server, records, tmp_path: Path, simulator):
    file = tmp_path / "there.csv"
    file.touch()
    asked = len(simulator.requests)
    done = managing.run(["compare", "--tag", TAG, "--csv", str(file)], relay_server.environ)
    assert done.stderr.strip() == (
        f"CommandError: {file} exists already. Choose another name, or move it away."
    )
    assert len(simulator.requests) == asked


def test_who_leaves_ends_the_calls(relay_server, manage, simulator: Simulator):
    slow = f"slow-{time.time_ns()}"
    prompt = f"{slow} [[sim chunks=120 delay=50]]"
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
    headers = {"authorization": f"Bearer {relay_server.key}", "x-relay-tags": slow}
    url = f"{relay_server.base_url}/chat/completions"
    assert httpx.post(url, json=body, headers=headers, timeout=20).is_success
    wait_for(manage, tag=slow)
    with manage.stream("POST", "/manage/logs/compare", json={"filters": {"tag": slow}}) as answer:
        lines = answer.iter_lines()  # forgetting it would be leaving
        assert json.loads(next(lines)) == {"total": 2}
        while sum(request.json == body for request in list(simulator.requests)) < 3:
            time.sleep(0.01)
    left = wait_for(manage, tag=slow, outcome="client_disconnected")
    assert left["lineage"] == "replay"
    assert left["latency_ms"] < 5900  # of 6 seconds


def wait_for(manage: httpx.Client, **filters: str) -> Any:
    """One record that fits."""
    ends_at = time.monotonic() + 20
    while not (found := manage.get("/manage/logs", params=filters).json()["results"]):
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    return manage.get(f"/manage/logs/{found[0]['id']}").json()
