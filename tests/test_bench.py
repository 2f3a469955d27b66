"""The benchmark works; what it measures is for `make bench` to say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import answers, bodies, choosing, hoarding, report
from bench.load import aim_at, load
from proxy.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("body", "connections", "requests"), [("chat", 4, 40), ("stream", 10, 10), ("image", 2, 4)]
)
async def test_load_counts_every_answer(body: str, connections: int, requests: int) -> None:
    async with Simulator() as simulator:
        aim = aim_at(f"{simulator.base_url}/chat/completions", "any", body)
        seen = await load(aim, connections=connections, requests=requests)
        assert simulator.stats.requests == requests
    assert (seen["requests"], seen["errors"]) == (requests, {})
    assert seen["events"] == (requests * 50 if body == "stream" else 0)
    assert seen["latency_ms"]["p50"] <= seen["latency_ms"]["p99"]


def test_choosing_is_measured_for_every_kind_of_question() -> None:
    took = choosing.measure(number=200, rounds=40)
    assert len(took) == 5
    assert all(0 < each < 1_000_000 for each in took.values())


def test_hoarding_fills_the_cache_to_its_bound() -> None:
    found = hoarding.measure(answers=1000, limit_mb=1)
    assert 100 < found["answers held"] < 1000 and 0.9 < found["counted (MB)"] <= 1.0


async def test_load_stops_after_its_time() -> None:
    async with Simulator() as simulator:
        aim = aim_at(f"{simulator.base_url}/chat/completions", "any", "chat")
        seen = await load(aim, connections=2, seconds=0.2, warmup_seconds=0.1)
    assert 0 < seen["measured"] < seen["requests"] and not seen["errors"]


@pytest.mark.parametrize(
    ("script", "error"),
    [("status=500", "status 500"), ("reset=before", "connection lost"), ("text=SGk", "wrong answer")],
)
async def test_load_notices_what_goes_wrong(script: str, error: str) -> None:
    async with Simulator() as simulator:
        aim = aim_at(f"{simulator.base_url}/chat/completions", "any", "chat")
        head = aim.head + f"x-simulate: {script}\r\n".encode()
        seen = await load(type(aim)(aim.host, aim.port, head, aim.body), connections=2, requests=6)
    assert seen["errors"] == {error: 6}


async def test_load_tells_when_nobody_listens() -> None:
    seen = await load(
        aim_at("http://127.0.0.1:9/v1/chat/completions", "any", "chat"), connections=2, requests=2
    )
    assert seen["errors"] == {"connect": 2}


@pytest.mark.parametrize(
    "body",
    [
        b'data: {"choices":[{"delta":{"content":"rq1"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"rq2"}}]}\n\ndata: [DONE]\n\n',
        b'data: {"choices":[]}\n\ndata: {"choices":[{"delta":{"content":"rq1"}}]}\n\ndata: [DONE]\n\n',
        b'data: {"choices":[{"delta":{"content":"rq1"}}]}\n\n' * 2 + b"data: [DONE]\n\n",
        b"event: error\ndata: {}\n\ndata: [DONE]\n\n",
    ],
    ids=["cut", "another's", "usage event", "too many", "error"],
)
def test_wrong_streams_are_told_from_right_ones(body: bytes) -> None:
    answers.check(b'data: {"choices":[{"delta":{"content":"rq1"}}]}\n\ndata: [DONE]\n\n', b"rq1", 1, True)
    with pytest.raises(answers.Wrong):
        answers.check(body, b"rq1", 1, True)


def test_request_has_the_size_it_promises() -> None:
    assert 1000 <= len(bodies.BODIES["chat"]) <= 1048
    assert 1_000_000 <= len(bodies.BODIES["image"]) <= 1_001_000


def measured(rate: float, p50: float, **cpu: float) -> dict[str, Any]:
    spread = {"p50": p50, "p95": p50, "p99": p50}
    return {
        "requests_per_second": rate,
        "latency_ms": spread,
        "first_token_ms": spread,
        "stream_ms": {"p50": 980 + p50, "p99": 990.0},
        "seconds": 1.0,
        "events": 1000,
        "errors": {},
        "foreign_cpu_percent": 0.0,
        "cpu_ms_per_request": cpu,
        "cpu_seconds_per_1000_events": cpu,
        "rss_mb": {"worker": 100.0},
    }


def test_report_judges_the_targets() -> None:
    targets = {
        "direct": measured(9000, 0.1, simulator=0.07),
        "daphne": measured(4000, 0.2, daphne=0.25),
        "relay": measured(2100, 1.0, worker=0.45, recorder=0.6),
    }
    results = {phase: dict(targets) for phase in ("c1", "c16", "stream50", "stream200")}
    soaked = {"rss_before_mb": 90.0, "rss_after_mb": 120.0, "requests": 50_000, "errors": {}}
    verdicts = {verdict.target: verdict.passed for verdict in report.judge(results, soaked)}
    assert verdicts == {
        "every answer right, no process restarted": True,
        "worker CPU per request against a bare Daphne": True,
        "worker + recorder CPU per request": False,
        "requests/s at 16 connections": True,
        "added p50 at one connection": True,
        "worker CPU per 1000 events (50 streams, 20 ms apart)": False,
        "stretch of 200 streams of 50 events/s": True,
        "growth of a worker over 50000 requests": False,
        "RSS of a worker": True,
    }
    written = report.write(report.machine("SQLite"), results, soaked)
    assert written.count("**miss**") == 3 and "| c16 | relay | 2100 |" in written


def test_records_are_seeded_found_and_summed_up(tmp_path: Path) -> None:
    command = ["-m", "bench.records", "--count", "200", "--exchanges", "20", "--data", str(tmp_path / "data")]
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, *command, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    found = json.loads(figures.read_text())
    assert (found["vendor"], found["count"]) == ("sqlite", 200), done.stderr
    assert found["recording"] > 0 and len(found["questions"]) > 40
    assert "| `/manage/logs?search=" in done.stdout


def test_redaction_is_measured_for_texts_and_exchanges(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.redaction", "--rounds", "1"],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "relay.settings"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "| English prose |" in done.stdout and "| without secrets |" in done.stdout
