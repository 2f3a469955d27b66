"""Starting what is measured, finding its processes, and reading their CPU and memory from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 60.0
STOP_SECONDS = 40.0
# What the command line of each of the relay's processes contains.
ROLES = {"worker": "relay.worker --fd", "console": "relay.worker --console", "recorder": "manage.py record"}


class Failed(Exception):
    pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], port: int, logs: Path, variables: dict[str, str] | None = None
) -> Iterator[int]:
    """The pid of a program that listens on the port; its output goes to a file in `logs`."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=kept | (variables or {}),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for_port(process, port, logs / f"{name}.log")
        yield process.pid
    finally:
        _stop(process)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Failed(f"{log.stem} does not listen on port {port}:\n{log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads; 0 for a process that is gone."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def rss_bytes(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[21]) * PAGE_BYTES if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third one on (proc_pid_stat(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def descendants(pid: int) -> dict[int, str]:
    """Pid to command line of everything a process started, directly or not."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents[int(folder.name)] = int(fields[1])
    found: dict[int, str] = {}
    generation = [pid]
    while generation:
        generation = [child for child, parent in parents.items() if parent in generation]
        found |= {child: _command_line(child) for child in generation}
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def roles(serve_pid: int) -> dict[str, int]:
    """The relay's processes by role."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _is_alive(serve_pid):
        lines = descendants(serve_pid)
        found = {role: pid for role, mark in ROLES.items() for pid, line in lines.items() if mark in line}
        if {"worker", "recorder"} <= found.keys():
            return found
        time.sleep(0.1)
    if not _is_alive(serve_pid):
        raise Failed(f"the relay (pid {serve_pid}) has ended: --logs FOLDER keeps what it said")
    raise Failed(f"worker and recorder are not among the children of the relay: {descendants(serve_pid)}")


def _is_alive(pid: int) -> bool:
    """A program that ended stays as a zombie until it is waited for."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def machine_busy_seconds() -> float:
    """CPU time spent by everybody since the start of the machine, waiting for disks not included."""
    values = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(values[:3]) + sum(values[5:8])) / TICK


def wait_for_quiet(limit_seconds: float) -> None:
    """For half a second in which nobody does much, as long as one may hope for it."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        before = machine_busy_seconds()
        time.sleep(0.5)
        if machine_busy_seconds() - before < 0.15:
            return


def wait_until_idle(pid: int, limit_seconds: float = 120.0) -> float:
    """Until the process has nearly stopped working; the seconds it took."""
    began = time.monotonic()
    quiet = 0
    while quiet < 2 and time.monotonic() - began < limit_seconds:
        before = cpu_seconds(pid)
        time.sleep(0.4)
        quiet = quiet + 1 if cpu_seconds(pid) - before <= 0.03 else 0
    return time.monotonic() - began
