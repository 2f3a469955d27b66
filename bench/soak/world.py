"""Everything that a soak runs: providers, relay, keys; and the hands that reach into them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench import processes
from bench.processes import ROOT, Failed

MANAGEMENT_TOKEN = "mt-soak-0123456789abcdef0123456789abcdef"
PROXY_KEY = "sk-soak-0123456789abcdef0123456789abcdef"
ADMIN_PASSWORD = "soak soak soak soak"
PRIMARY, SPARE = "default", "spare"
EVENTS = "soak.jsonl"
# What the command line of each of the relay's processes contains.
MARKS = processes.ROLES | {"dispatchers": "manage.py dispatch"}
ANSWER_SECONDS = 60.0


class World:
    def __init__(self, folder: Path, logs: Path, workers: int, database_url: str) -> None:
        self.folder, self.logs = folder, logs
        self.data = folder / "relay"
        self.database_folder = self.data / "database"
        self.database_url = database_url
        self.keys_path = folder / "keys.json"
        self.events_path = self.data / "events" / EVENTS
        self.ports = {name: processes.free_port() for name in ("relay", PRIMARY, SPARE)}
        self.provider_pids: dict[str, int] = {}
        self.serve_pid = 0
        self._workers = workers
        self._stack = contextlib.ExitStack()
        self.manage = httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {MANAGEMENT_TOKEN}"},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['relay']}"

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            stack.callback(self.manage.close)
            self._stack = stack
            for name in (PRIMARY, SPARE):
                self.start_provider(name)
            self._start_relay()
            self._furnish()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    # Providers

    def start_provider(self, name: str) -> None:
        """Again after it was killed, on the same port."""
        command = ("manage.py", "simulate_provider", "--port", str(self.ports[name]), "--quiet")
        variables = {"DATA_DIR": str(self.folder / name), "ENV_FILE": "/dev/null"}
        running = processes.running(name, command, self.ports[name], self.logs, variables)
        self.provider_pids[name] = self._stack.enter_context(running)

    # The relay

    def _start_relay(self) -> None:
        self.database_folder.mkdir(parents=True)
        variables = {
            "DATA_DIR": str(self.data),
            "ENV_FILE": "/dev/null",
            "HOST": "127.0.0.1",
            "PORT": str(self.ports["relay"]),
            "WORKERS": str(self._workers),
            "MANAGEMENT_TOKEN": MANAGEMENT_TOKEN,
            "ADMIN_PASSWORD": ADMIN_PASSWORD,
            "PROXY_KEY": PROXY_KEY,
            "TARGET_BASE_URL": f"http://127.0.0.1:{self.ports[PRIMARY]}/v1",
            "TARGET_API_KEY": "sk-provider-of-the-soak",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "warning",
            "LOG_FILE": str(self.log_path),
        }
        if self.database_url:
            variables["DATABASE_URL"] = self.database_url
        else:
            variables["DATABASE_PATH"] = str(self.database_folder / "relay.db")
        running = processes.running(
            "serve", ("manage.py", "serve"), self.ports["relay"], self.logs, variables
        )
        self.serve_pid = self._stack.enter_context(running)
        self.wait_for("the relay is ready", lambda: self.manage.get("/ready").status_code == 200)

    @property
    def log_path(self) -> Path:
        return self.logs / "relay.log"

    def pids(self, role: str = "") -> dict[int, str]:
        """Pid to role, in the order of their start."""
        lines = processes.descendants(self.serve_pid)
        found = {
            pid: name for pid, line in sorted(lines.items()) for name, mark in MARKS.items() if mark in line
        }
        return {pid: name for pid, name in found.items() if role in ("", name)}

    def kill(self, role: str) -> None:
        """The first of them, and waits until another one runs in its place."""
        before = self.pids(role)
        os.kill(next(iter(before)), signal.SIGKILL)
        self.wait_for(f"another {role} runs", lambda: len(self.pids(role).keys() - before.keys()) == 1)

    def wait_for(self, what: str, is_so: Any, seconds: float = 60.0) -> None:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            with contextlib.suppress(httpx.HTTPError, KeyError):
                if is_so():
                    return
            time.sleep(0.1)
        raise Failed(f"In {seconds:.0f} s it did not come true that {what}.")

    # The management API

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.manage.request(method, path, json=body)
        if answer.is_error:
            raise Failed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def _furnish(self) -> None:
        """The spare one has calls of its own: one that only sees what fails elsewhere would be left out."""
        self.ask("PATCH", f"/manage/providers/{PRIMARY}", {"weight": 3})
        provider = {"provider_key": SPARE, "api_key": "sk-spare"}
        self.ask("POST", "/manage/providers", provider | {"api_base": self.provider_url(SPARE)})
        dispatcher = {"name": "soak", "service": "file", "endpoint": EVENTS, "batch_size": 200}
        self.ask("POST", "/manage/dispatchers", dispatcher | {"options": {"max_files": 3}})

    def provider_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}/v1"

    def write_keys(self, keys: list[str], withered: list[str]) -> None:
        """For the traffic, which follows."""
        new = self.keys_path.with_suffix(".new")
        new.write_bytes(orjson.dumps({"keys": keys, "withered": withered}))
        new.replace(self.keys_path)


@contextlib.contextmanager
def traffic(world: World, notes: Path, *how: str) -> Iterator[subprocess.Popen[bytes]]:
    """The clients; they end by themselves, and are ended when we are."""
    command = [sys.executable, "-m", "bench.soak.traffic", "--base-url", f"{world.url}/v1"]
    command += ["--keys", str(world.keys_path), "--notes", str(notes), *how]
    with (world.logs / "traffic.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
