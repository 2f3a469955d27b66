"""Prometheus itself: its checks of our files, and a scrape after which every panel has something to show."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from monitoring import dashboards
from proxy.simulator import Simulator
from tests.running import ROOT, Relay

FILES = ROOT / "monitoring" / "prometheus"
needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")), reason="needs Debian's package prometheus"
)
pytestmark = needs_prometheus
# What shows nothing as long as nothing is wrong.
EMPTY_WHEN_WELL = (
    "disconnect",
    "refusals",
    "unknown",
    'result!~"2..|cancelled"',
    "ejections",
    "active_requests",
    "dispatcher",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
    ],
    ids=" ".join,
)
def test_its_own_tool_finds_nothing(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FILES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus(relay_server: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """It scrapes the shared relay every second, with our rules."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = (FILES / "prometheus.yml").read_text()
    config = config.replace("15s", "1s").replace("[alerts.yml]", f"[{FILES / 'alerts.yml'}]")
    head, _, _ = config.partition("    dns_sd_configs:")
    static = f'    static_configs: [{{targets: ["127.0.0.1:{relay_server.port}"]}}]\n'
    (folder / "prometheus.yml").write_text(head + static)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def ask(url: str, query: str) -> list[dict]:
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, timeout=10)
    except httpx.TransportError:  # it is starting
        return []
    assert answer.status_code in (200, 503), answer.text
    return answer.json()["data"]["result"] if answer.status_code == 200 else []


def call(relay: Relay) -> None:
    headers = {"authorization": f"Bearer {relay.key}"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    for stream in (True, False):
        sent = body | {"stream": stream}
        httpx.post(
            f"{relay.base_url}/chat/completions", headers=headers, json=sent, timeout=30
        ).raise_for_status()


def filled(query: str) -> str:
    for name in dashboards.CHOICES:
        query = query.replace(f"${name}", ".*")
    return query.replace("$__rate_interval", "30s")


def test_every_panel_of_every_dashboard_shows_something(
    prometheus: str, relay_server: Relay, simulator: Simulator
) -> None:
    wanted = {
        filled(target["expr"])
        for uid in dashboards.DASHBOARDS
        for panel in dashboards.dashboard(uid)["panels"]
        for target in panel.get("targets", ())
        if not any(mark in target["expr"] for mark in EMPTY_WHEN_WELL)
    }
    ends_at = time.monotonic() + 60
    while wanted and time.monotonic() < ends_at:
        call(relay_server)
        time.sleep(0.5)
        wanted = {query for query in wanted if not ask(prometheus, query)}
    assert wanted == set()
    assert ask(prometheus, 'up{job="llm-relay"} == 1')


def test_the_setup_names_only_files_that_exist() -> None:
    for name in ("datasources/prometheus.yml", "dashboards/llm-relay.yml"):
        assert Path(ROOT, "monitoring", "grafana", "provisioning", name).is_file()
