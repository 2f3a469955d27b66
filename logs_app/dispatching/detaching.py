"""A dispatcher that goes on without its terminal: its process, its log, and its end."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from accounts import filelock

READY_FD = "RELAY_DISPATCHER_READY_FD"
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
LOG_TAIL_BYTES = 2000

_held: int | None = None  # the lock goes with the process


class NotStarted(Exception):
    """In words."""


def pid_file(name: str) -> Path:
    return _folder() / f"{_slug(name)}.pid"


def log_file(name: str) -> Path:
    return _folder() / f"{_slug(name)}.log"


def start(name: str, arguments: Sequence[str], api_key: str) -> int:
    """Returns its pid when it is at work. The key goes by the environment: anybody can read arguments."""
    if (pid := running(name)) is not None:
        raise NotStarted(f"{name} is at work already (pid {pid}). End it with --stop.")
    ours, theirs = os.pipe()
    with log_file(name).open("ab") as log:
        began = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "dispatch", *arguments],
            env={**os.environ, **_environ(theirs), "LLM_PROXY_API_KEY": api_key},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(theirs,),
            start_new_session=True,
        )
    os.close(theirs)
    with os.fdopen(ours, "rb") as line:
        if line.read():
            return process.pid
    process.wait()
    raise NotStarted(f"It ended at once:\n{_tail(log_file(name), began)}")


def hold(name: str) -> None:
    """By the process itself: whoever asks sees that it lives. Raises NotStarted when another one does."""
    global _held
    if READY_FD not in os.environ:
        return
    descriptor = filelock.take(pid_file(name))
    if descriptor is None:
        raise NotStarted(f"{name} is at work already.")
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"%d\n" % os.getpid())
    _held = descriptor


def say_ready() -> None:
    descriptor = os.environ.pop(READY_FD, "")
    if descriptor:
        os.write(int(descriptor), b"ready")
        os.close(int(descriptor))


def running(name: str) -> int | None:
    """The pid of a detached one, if it lives."""
    if not filelock.is_held_at(pid_file(name)):
        return None
    return int(pid_file(name).read_text().strip() or 0) or None


def stop(name: str) -> int | None:
    """SIGTERM, and waits for its end. Its pid; None when there was none."""
    pid = running(name)
    if pid is None:
        return None
    os.kill(pid, signal.SIGTERM)
    ends_at = time.monotonic() + STOP_SECONDS
    while running(name) is not None:
        if time.monotonic() > ends_at:
            raise NotStarted(f"{name} (pid {pid}) does not end; see {log_file(name)}.")
        time.sleep(POLL_SECONDS)
    return pid


def _environ(descriptor: int) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(settings.BASE_DIR), os.environ.get("PYTHONPATH"))))
    return {
        READY_FD: str(descriptor),
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }


def _folder() -> Path:
    folder = settings.DATA_DIR / "dispatchers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _slug(name: str) -> str:
    """Readable, and different for different names."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")[:60]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _tail(path: Path, start: int) -> str:
    with path.open("rb") as file:
        file.seek(start)
        return file.read()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
