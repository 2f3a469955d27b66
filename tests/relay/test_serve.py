"""`manage.py serve` as processes: what a user or a service manager does to it, done to the real thing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from proxy.simulator import Simulator
from tests.running import ADMIN_PASSWORD, MANAGEMENT_TOKEN, PROXY_KEY, ROOT, Relay
from tests.waiting import until

StartRelay = Callable[..., Relay]


def models(relay: Relay, timeout: float = 20) -> int:
    headers = {"authorization": f"Bearer {relay.key}"}
    return httpx.get(f"{relay.base_url}/models", headers=headers, timeout=timeout).status_code


def test_it_runs_a_worker_a_console_and_a_recorder(relay_server: Relay) -> None:
    assert [len(relay_server.pids(role)) for role in ("worker", "console", "recorder")] == [1, 1, 1]


def test_the_lane_answers(relay_server: Relay) -> None:
    assert models(relay_server) == 200


def test_the_console_serves_the_admin_with_its_files(relay_server: Relay) -> None:
    page = httpx.get(f"{relay_server.url}/", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/admin/login/")
    (style,) = re.findall(r'href="(/static/admin/css/base[^"]*\.css)"', page.text)
    assert httpx.get(relay_server.url + style).headers["content-type"].startswith("text/css")


def test_the_admin_takes_the_password(relay_server: Relay) -> None:
    with httpx.Client(base_url=relay_server.url) as browser:
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', browser.get("/admin/login/").text)
        assert token is not None
        form = {"username": "admin", "password": ADMIN_PASSWORD, "csrfmiddlewaretoken": token[1]}
        response = browser.post("/admin/login/?next=/admin/", data=form)
        assert (response.status_code, response.headers["location"]) == (302, "/admin/")
        assert browser.get("/admin/").status_code == 200


def test_pages_forbid_foreign_and_inline_scripts(relay_server: Relay) -> None:
    policy = httpx.get(f"{relay_server.url}/admin/login/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_probes_answer_through_the_worker(relay_server: Relay) -> None:
    assert httpx.get(f"{relay_server.url}/health").json()["providers_count"] == 1
    until(lambda: httpx.get(f"{relay_server.url}/ready").status_code == 200)


def test_a_foreign_host_name_is_refused_in_words(relay_server: Relay) -> None:
    response = httpx.get(f"{relay_server.url}/admin/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "ALLOWED_HOSTS" in response.text


@pytest.fixture(scope="module")
def begun(simulator: Simulator) -> Iterator[Relay]:
    """A relay as it comes into the world: it has made its own database and its own secrets."""
    generated = dict.fromkeys(("PROXY_KEY", "ADMIN_PASSWORD", "MANAGEMENT_TOKEN"))
    relay = Relay(migrated=False, cold=True, TARGET_BASE_URL=simulator.base_url, **generated)
    try:
        yield relay.start()
    finally:
        relay.remove()


def test_what_it_keeps_is_nobody_elses_to_read(begun: Relay) -> None:
    found = begun.data_dir.rglob("*")
    files = [path for path in found if path.name != "serve.out" and not path.is_symlink()]
    readable = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert files and readable == []


def test_the_first_start_shows_what_it_generated_and_the_second_does_not(begun: Relay) -> None:
    first = begun.log()
    secrets = [re.search(rf"{name} +(\S+)", first) for name in ("Password", "Proxy key", "Management")]
    assert begun.stop() == 0
    second = begun.start().log()[len(first) :]
    for found in secrets:
        assert found is not None and found[1] != "from"
        assert found[1] not in second
    assert f"{begun.url}/admin/" in second


def test_a_chosen_secret_is_never_shown(relay_server: Relay) -> None:
    log = relay_server.log()
    assert "from PROXY_KEY" in log and "from ADMIN_PASSWORD" in log
    assert not any(secret in log for secret in (PROXY_KEY, ADMIN_PASSWORD, MANAGEMENT_TOKEN, "sk-upstream"))


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("source", ["generated", "environment", "env_file", "secret_file"])
def test_the_curl_line_works_when_pasted(
    source: str, start_relay: StartRelay, simulator: Simulator, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"PROXY_KEY='{PROXY_KEY}'\n")
    (tmp_path / "key").write_text(f"{PROXY_KEY}\n")
    given = {
        "generated": {"PROXY_KEY": None},
        "environment": {},
        "env_file": {"PROXY_KEY": None, "ENV_FILE": str(tmp_path / ".env")},
        "secret_file": {"PROXY_KEY": None, "PROXY_KEY_FILE": str(tmp_path / "key")},
    }[source]
    options = {"cold": source == "generated", "DEFAULT_MODEL": "gpt-4o-mini", **given}
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, **options)
    line = re.search(r"^ *(curl .*)$", relay.log(), re.MULTILINE)
    assert line is not None
    shell = {"PATH": os.environ["PATH"]} | ({"PROXY_KEY": PROXY_KEY} if source == "environment" else {})
    pasted = subprocess.run(["bash", "-c", line[1]], capture_output=True, text=True, env=shell, timeout=30)
    assert '"choices"' in pasted.stdout, pasted


def test_without_a_provider_key_it_says_where_to_put_one(start_relay: StartRelay) -> None:
    relay = start_relay(TARGET_API_KEY=None)
    assert f"{relay.url}/admin/proxy/provider/" in relay.log()
    assert models(relay) == 503


def test_a_changed_variable_is_told_and_changes_nothing(
    start_relay: StartRelay, simulator: Simulator
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    relay.stop()
    again = start_relay(
        TARGET_BASE_URL="http://127.0.0.1:1",
        DATA_DIR=str(relay.data_dir),
        DATABASE_URL=relay.environ["DATABASE_URL"],
    )
    assert "TARGET_BASE_URL differs" in again.log()
    assert models(again) == 200


def test_records_may_have_a_database_of_their_own(
    start_relay: StartRelay, simulator: Simulator, tmp_path: Path
) -> None:
    logs = tmp_path / "logs.db"
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, LOG_DATABASE_URL=f"sqlite:///{logs}")
    assert models(relay) == 200
    headers = {"authorization": f"Bearer {relay.management_token}"}
    until(lambda: len(httpx.get(f"{relay.url}/manage/logs", headers=headers).json()["results"]) == 1)
    assert httpx.get(f"{relay.url}/ready").status_code == 200
    with closing(sqlite3.connect(logs)) as database:
        assert database.execute("SELECT count(*) FROM logs_app_logrecord").fetchone() == (1,)


@pytest.mark.parametrize("role", ["worker", "console", "recorder"])
def test_a_killed_child_is_replaced(role: str, start_relay: StartRelay, simulator: Simulator) -> None:
    relay = start_relay(cold=role == "worker", TARGET_BASE_URL=simulator.base_url)
    (pid,) = relay.pids(role)
    os.kill(pid, signal.SIGKILL)
    relay.wait_for(rf"{role}.* \(pid {pid}\) was killed by SIGKILL")
    until(lambda: relay.pids(role) not in ([], [pid]))
    assert models(relay) == 200
    assert httpx.get(f"{relay.url}/health", timeout=20).status_code == 200


def test_sigterm_ends_everything_with_exit_code_0(start_relay: StartRelay, simulator: Simulator) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    assert models(relay) == 200
    children = relay.pids()
    assert len(children) == 5
    assert relay.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_ctrl_c_ends_it_like_sigterm(start_relay: StartRelay) -> None:
    relay = start_relay()
    os.killpg(relay.pid, signal.SIGINT)  # a terminal sends it to the whole group
    assert relay.wait() == 0
    assert "Traceback" not in relay.log()


def test_sigterm_lets_a_running_stream_finish(start_relay: StartRelay, simulator: Simulator) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    with stream(relay, "[[sim chunks=30 delay=50]]") as response:
        lines = response.iter_lines()
        assert next(lines).startswith("data: ")
        relay.signal(signal.SIGTERM)
        assert list(lines)[-2:] == ["data: [DONE]", ""] or "data: [DONE]" in list(lines)
    assert relay.wait() == 0


def test_children_end_when_serve_is_killed(start_relay: StartRelay) -> None:
    relay = start_relay()
    children = relay.pids()
    relay.signal(signal.SIGKILL)
    relay.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), seconds=30)
    assert relay.start().pids("worker")


@pytest.mark.timeout(300)  # five programs start one after another, beside callers
def test_sighup_replaces_the_processes_and_drops_no_call(
    start_relay: StartRelay, simulator: Simulator
) -> None:
    relay = start_relay(cold=True, TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    before = relay.pids()
    is_over = threading.Event()
    statuses: list[int] = []

    def keep_calling() -> None:
        while not is_over.is_set():
            statuses.append(models(relay))
            time.sleep(0.02)

    callers = [threading.Thread(target=keep_calling) for _ in range(4)]
    for caller in callers:
        caller.start()
    relay.signal(signal.SIGHUP)
    relay.wait_for("all processes are replaced", 200)
    until(lambda: set(before).isdisjoint(relay.pids()), 40)
    is_over.set()
    for caller in callers:
        caller.join()
    assert len(relay.pids()) == 5
    assert len(statuses) > 20 and set(statuses) == {200}


def test_behind_a_proxy_that_ends_tls(start_relay: StartRelay, simulator: Simulator) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, PROXY_BASE_URL="https://relay.example.com")
    behind_tls = {"x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.9"}
    with httpx.Client(base_url=relay.url, headers={"host": "relay.example.com"}) as browser:
        plain = browser.get("/admin/login/")
        assert plain.status_code == 301
        assert plain.headers["location"] == "https://relay.example.com/admin/login/"
        assert browser.get("/health").status_code == 200
        page = browser.get("/admin/login/", headers=behind_tls)
        assert page.status_code == 200
        assert "max-age" in page.headers["strict-transport-security"]
        assert "Secure" in page.headers["set-cookie"]
    headers = {"authorization": f"Bearer {relay.key}", **behind_tls}
    request_id = httpx.get(f"{relay.base_url}/models", headers=headers).headers["x-relay-request-id"]
    until(lambda: '"client_ip": "198.51.100.9"' in dumped(relay, request_id))


def dumped(relay: Relay, request_id: str) -> str:
    """A record as the database has it."""
    code = (
        "import json; from logs_app.models import LogRecord;"
        f"print(json.dumps(list(LogRecord.objects.filter(pk='{request_id}').values('client_ip'))))"
    )
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    return subprocess.run(command, cwd=ROOT, env=relay.environ, capture_output=True, text=True).stdout


def test_a_port_in_use_is_one_sentence(start_relay: StartRelay) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AssertionError) as failed:
            start_relay(PORT=str(port))
    output = str(failed.value).partition(":\n")[2]
    expected = (
        f"Cannot listen on 127.0.0.1 port {port}: another program uses it. Stop that program, or set PORT.\n"
    )
    assert output == f"CommandError: {expected}"


def test_a_data_folder_with_too_long_a_path_is_one_sentence(start_relay: StartRelay, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with pytest.raises(
        AssertionError, match="too long for the path of a Unix socket. Choose a shorter DATA_DIR"
    ):
        start_relay(DATA_DIR=str(deep))


def test_two_on_one_data_folder_are_refused(relay_server: Relay, start_relay: StartRelay) -> None:
    with pytest.raises(AssertionError, match="Another relay already runs on the data folder"):
        start_relay(DATA_DIR=str(relay_server.data_dir), PORT="0")
    assert models(relay_server) == 200


def test_a_database_that_is_away_is_one_sentence(start_relay: StartRelay) -> None:
    with pytest.raises(AssertionError) as failed:
        start_relay(DATABASE_URL="postgres://me:secret@127.0.0.1:1/relay")
    output = str(failed.value)
    assert "The database cannot be used: " in output
    assert "Traceback" not in output and "secret" not in output


def test_the_demo_shows_itself(start_relay: StartRelay) -> None:
    relay = start_relay("--demo", cold=True, PORT="0")
    log = relay.log()
    key = re.search(r"Proxy key +(\S+)", log)
    assert key is not None
    headers = {"authorization": f"Bearer {key[1]}"}
    body = {"messages": [{"role": "user", "content": "hello"}]}
    answer = httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers, timeout=30)
    assert answer.json()["choices"]
    token = (relay.data_dir / "demo" / "management_token").read_text().strip()
    seen = httpx.get(f"{relay.url}/manage/logs", headers={"authorization": f"Bearer {token}"})
    assert seen.status_code == 200


def stream(relay: Relay, words: str):  # type: ignore[no-untyped-def]
    body = {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": words}]}
    headers = {"authorization": f"Bearer {relay.key}"}
    return httpx.stream("POST", f"{relay.base_url}/chat/completions", json=body, headers=headers, timeout=60)
