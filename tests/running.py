"""A relay started as a user starts it: `manage.py serve` as a process, with its own folder and port."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from relay.environment.variables import TABLE
from tests import managing, templates
from tests.managing import Running, waiting

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
STOP_SECONDS = 60

PROXY_KEY = "sk-test-2f6c1d0b9e8a7f65"
MANAGEMENT_TOKEN = "mt-test-5d4c3b2a19080706"
ADMIN_PASSWORD = "correct horse battery staple"


class Relay:
    """`environ` adds to or replaces the variables of a usable start; None takes one away.

    Its database is empty but migrated already, unless it shall do that itself or brings one of its own. It
    begins warm (`tests.managing`), unless `cold`.
    """

    def __init__(
        self, *arguments: str, migrated: bool = True, cold: bool = False, **environ: str | None
    ) -> None:
        # Short: the path of a Unix socket has 107 characters at most.
        borrowed = environ.pop("DATA_DIR", None)
        self.data_dir = Path(borrowed or tempfile.mkdtemp(prefix="relay-"))
        self._owns_data_dir = borrowed is None
        self.key = PROXY_KEY
        self.management_token = MANAGEMENT_TOKEN
        self.admin_password = ADMIN_PASSWORD
        self.log_path = self.data_dir / "serve.out"
        self._arguments = arguments
        self._database = _Database(os.environ.get("TEST_DATABASE_URL", ""))
        if not environ.keys() & {"DATABASE_URL", "DATABASE_PATH"}:
            is_new = self._owns_data_dir and "LOG_DATABASE_URL" not in environ
            self._database.create(self.data_dir, migrated=migrated and is_new and templates.exist())
        self._given = environ
        self._process: subprocess.Popen[bytes] | Running | None = None
        self._is_cold = cold
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def environ(self) -> dict[str, str]:
        """What the server was started with; `manage.py` commands run with it see the same relay."""
        names = {name for variable in TABLE.values() for name in (variable.name, *variable.aliases)}
        inherited = {
            name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in names
        }
        chosen = {
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self._database.url,
            "PORT": str(self.port),
            "PROXY_KEY": PROXY_KEY,
            "MANAGEMENT_TOKEN": MANAGEMENT_TOKEN,
            "ADMIN_PASSWORD": ADMIN_PASSWORD,
            "TARGET_API_KEY": "sk-upstream",
            # The tests of one session share an address: wrong secrets of one must not lock out the next.
            "LOGIN_FAILURE_LIMIT": "10000",
            # Tests count the requests of a provider; those about its health are not theirs.
            "HEALTH_INTERVAL_SECONDS": "0",
            "PYTHONUNBUFFERED": "1",
            **self._given,
        }
        return inherited | {name: value for name, value in chosen.items() if value is not None}

    def prepare(self) -> None:
        """Only what a start does before its processes."""
        done = managing.run([], self.environ, module="tests.preparing")
        assert done.returncode == 0, done.stderr

    def spawn(self) -> None:
        arguments = ["serve", *self._arguments]
        if not self._is_cold:
            files = {"stdout": self.log_path, "stderr": self.log_path}
            self._process = waiting.start(arguments, self.environ, **files)
            return
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *arguments],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start(self) -> Relay:
        """Returns when all its processes are ready; the port stays the same over restarts."""
        seen = len(self.log())
        self.spawn()
        found = self.wait_for(r"answers on http://[^/\s]+:(\d+)/v1", START_SECONDS, after=seen)
        self.port = int(found[1])
        return self

    def wait_for(self, pattern: str, seconds: float = 20, *, after: int = 0) -> re.Match[str]:
        """Until the output has it; a server that ends first is a failure that shows its output."""
        ends_at = time.monotonic() + seconds
        while not (found := re.search(pattern, self.log()[after:])):
            has_ended = self._process is not None and self._process.poll() is not None
            if has_ended or time.monotonic() > ends_at:
                raise AssertionError(f"No {pattern!r} in the output of serve:\n{self.log()[after:]}")
            time.sleep(0.02)
        return found

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """As a machine that loses its power: all processes at once, the one that starts others first."""
        children = self.pids()
        self.signal(signal.SIGKILL)
        for pid in children:
            with suppress(ProcessLookupError):  # it ended when its parent was gone
                os.kill(pid, signal.SIGKILL)
        self.wait()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def pids(self, role: str = "") -> list[int]:
        """Of the children, oldest first. `role`: worker, console, recorder."""
        marks = {"": "", "worker": "--fd", "console": "--console", "recorder": "record"}
        found = []
        for task in Path(f"/proc/{self.pid}/task").glob("*/children"):
            found += [int(pid) for pid in task.read_text().split() if marks[role] in _command(int(pid))]
        return sorted(found, key=_started)

    def routing(self) -> dict[str, list[tuple[int, bool]]]:
        """Which providers and routes it has, each with whether it is enabled."""
        headers = {"Authorization": f"Bearer {self.management_token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as client:
            return {
                name: [
                    (row["id"], row["is_enabled"]) for row in client.get(f"/manage/{name}").json()["results"]
                ]
                for name in ("providers", "routes")
            }

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.wait(10)
            except subprocess.TimeoutExpired:
                for pid in [*self.pids(), self.pid]:
                    os.kill(pid, signal.SIGKILL)
                self.wait()
        self._database.drop()
        if self._owns_data_dir:  # another relay may live in a borrowed one
            shutil.rmtree(self.data_dir, ignore_errors=True)


class _Database:
    """On PostgreSQL each relay gets a database of its own; on SQLite it lies in the data folder."""

    def __init__(self, server_url: str) -> None:
        self.url = ""
        self._server_url = server_url
        if server_url:
            self._name = f"relay_{os.urandom(6).hex()}"
            self.url = templates.at(server_url, self._name)

    def create(self, data_dir: Path, *, migrated: bool) -> None:
        if migrated and self.url:
            templates.create_postgresql(self._server_url, self._name)
        elif migrated:
            templates.copy_sqlite(data_dir / "relay.db")
        elif self.url:
            templates.execute(self._server_url, f"CREATE DATABASE {self._name}")

    def drop(self) -> None:
        if self.url and templates.exist():
            templates.drop_at_the_end(self._name)
        elif self.url:
            templates.execute(self._server_url, f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self.url = ""


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _started(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0
