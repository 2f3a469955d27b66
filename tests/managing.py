"""`manage.py` for tests that type many commands and start many relays: each is a process of its own, begun
warm. So may other modules of ours that are programs.

A start costs a second of a core or two, nearly all of it to import the same modules. Here one process has
imported them and waits. For every command it makes a copy of itself, which takes over the variables, the
folder, the files and the sockets of any other process, reads the settings anew and runs manage.py, the
module or the code, as it stands.

What a start does is tested on processes that begin cold: where a test says `cold=True`.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MANAGE = str(ROOT / "manage.py")
END_SECONDS = 60
POLL_SECONDS = 0.01
PID_BYTES = 20
STREAMS = ("stdin", "stdout", "stderr")

Done = subprocess.CompletedProcess[str]


class Running:
    """A process that the waiting one has started; what subprocess.Popen tells of its own."""

    def __init__(self, pid: int, codes: Path) -> None:
        self.pid, self._codes = pid, codes
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = int((self._codes / str(self.pid)).read_text())
            except FileNotFoundError:
                return None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends_at = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if ends_at is not None and time.monotonic() > ends_at:
                raise subprocess.TimeoutExpired(MANAGE, timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait(END_SECONDS)


class Talking(Running):
    """One whose input and output, with what it says of errors, are pipes of text. As a context it is
    killed at the end, unless it has ended.
    """

    def __init__(self, pid: int, codes: Path, write: int, read: int) -> None:
        super().__init__(pid, codes)
        self.stdin = open(write, "w", buffering=1)  # noqa: SIM115
        self.stdout = open(read)  # noqa: SIM115

    def line(self) -> str:
        return self.stdout.readline().strip()

    def go_on(self) -> None:
        self.stdin.write("\n")

    def communicate(self, timeout: float = END_SECONDS) -> str:
        """What else it says until it ends."""
        self.stdin.close()
        said = self.stdout.read()
        self.wait(timeout)
        return said

    def __enter__(self) -> Talking:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        with suppress(BrokenPipeError):  # something it was told and did not read
            self.stdin.close()
        self.stdout.close()


class Waiting:
    """The process that waits, from its first use on."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._codes = Path()
        self._lock = threading.Lock()

    def start(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        *,
        module: str = "",
        code: str = "",
        cwd: Path = ROOT,
        pass_fds: Sequence[int] = (),
        **files: Path,
    ) -> Running:
        """`files`: stdin, stdout and stderr, /dev/null by default; what is written is appended. `pass_fds`
        have the same numbers there.
        """
        given = {number: number for number in pass_fds}
        files = {name: files.get(name) or Path(os.devnull) for name in STREAMS}
        return Running(self._order(arguments, environ, module, code, cwd, files, given), self._codes)

    def talk(
        self, arguments: Sequence[str], environ: Mapping[str, str], *, module: str = "", code: str = ""
    ) -> Talking:
        with ExitStack() as theirs:
            (stdin, write), (read, stdout) = os.pipe(), os.pipe()
            for descriptor in (stdin, stdout):
                theirs.callback(os.close, descriptor)
            given = {0: stdin, 1: stdout, 2: stdout}
            return Talking(
                self._order(arguments, environ, module, code, ROOT, {}, given), self._codes, write, read
            )

    def _order(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        module: str,
        code: str,
        cwd: Path,
        files: Mapping[str, Path],
        given: Mapping[int, int],
    ) -> int:
        """The number of the process. `given`: descriptors by the number that they have there."""
        program = ["-m", module] if module else ["-c"] if code else [MANAGE]
        order = {
            "module": module,
            "code": code,
            "arguments": [*program, *arguments],
            "environ": {**environ, **({"DJANGO_SETTINGS_MODULE": "relay.settings"} if code else {})},
            "cwd": str(cwd),
            "files": {STREAMS.index(name): str(path) for name, path in files.items()},
            "numbers": list(given),
        }
        with self._lock:
            orders = self._orders = self._orders or self._begin()
            line = json.dumps(order).encode() + b"\n"
            sent = socket.send_fds(orders, [line], list(given.values())) if given else 0
            orders.sendall(line[sent:])
            return int(orders.recv(PID_BYTES))

    def close(self) -> None:
        if self._process is not None and self._orders is not None:
            self._orders.close()
            self._process.wait(END_SECONDS)
            self._process = self._orders = None
            shutil.rmtree(self._codes, ignore_errors=True)

    def _begin(self) -> socket.socket:
        self._codes = Path(tempfile.mkdtemp(prefix="codes-"))
        atexit.register(self.close)
        own = {"DATA_DIR": str(self._codes), "ENV_FILE": os.devnull, "DATABASE_URL": ""}
        orders, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(self._codes)],
                cwd=ROOT,
                env={**os.environ, **own, "DJANGO_SETTINGS_MODULE": "relay.settings"},
                stdin=theirs,
            )
        return orders


waiting = Waiting()


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    typed: str = "",
    seconds: float = END_SECONDS,
    **options: Any,
) -> Done:
    with tempfile.TemporaryDirectory(prefix="manage-") as folder:
        files = {name: Path(folder) / name for name in STREAMS}
        files["stdin"].write_text(typed)
        code = waiting.start(arguments, environ, **options, **files).wait(seconds)
        return Done(arguments, code, files["stdout"].read_text(), files["stderr"].read_text())


@contextmanager
def elsewhere(code: str, *arguments: object, count: int = 1) -> Iterator[list[Talking]]:
    """Other processes that run `code`, each of which has said that it is "ready"."""
    with ExitStack() as ends:
        processes = [
            ends.enter_context(waiting.talk(list(map(str, arguments)), os.environ, code=code))
            for _ in range(count)
        ]
        for process in processes:
            assert process.line() == "ready"
        yield processes


class Manage:
    """All commands get the same variables, `environ`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def run(self, *arguments: str, typed: str = "") -> Done:
        return run(arguments, self.environ, typed)


class Shell:
    """For shell scripts: they type `program` instead of `python manage.py`, and get `environ` as well."""

    program = f"{sys.executable} -I -S {ROOT / 'tests' / 'passedon.py'}"

    def __init__(self, socket: Path) -> None:
        self.environ = {"PASSED_ON_TO": str(socket)}
        self._server = ThreadingUnixStreamServer(str(socket), PassedOn)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class PassedOn(StreamRequestHandler):
    def handle(self) -> None:
        order = json.loads(self.rfile.readline())
        files = dict(zip(STREAMS, map(Path, order["files"]), strict=True))
        running = waiting.start(order["arguments"], order["environ"], cwd=Path(order["cwd"]), **files)
        self.wfile.write(b"%d\n" % running.wait(END_SECONDS))
