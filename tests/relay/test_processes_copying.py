"""A small script runs as a copy of its parent and tells what it found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.processes import copying
from tests.relay.stage import ROOT
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are copies on Linux only")

PARENT = """
import asyncio, os, random, socket, sys
sys.path.insert(0, {root!r})
import django; django.setup()
from relay.processes import copying
from relay.processes.process import Program
from relay.processes.supervisor import Child, supervise
copying.MODULES = ()
copying.load()
kept, other = socket.socket(), open({script!r})
print(kept.fileno(), random.random(), flush=True)
program = Program("a", ({script!r}, "--an", "argument"), 10, fds=(kept.fileno(),), may_be_copy=True)
asyncio.run(supervise([[Child(lambda turn: program)]], lambda: None, lambda: None))
"""
CHILD = """
import asyncio, json, multiprocessing, os, random, signal, sys, time
import relay
from relay.processes import lifeline
lifeline.hold()
def files():
    names = (fd for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}"))
    return {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in names}
asyncio.run(asyncio.sleep(0))
found = {
    "argv": sys.argv, "cwd": os.getcwd(), "pid": os.getpid(), "session": os.getsid(0),
    "cmdline": open("/proc/self/cmdline").read(), "fds": files(),
    "sigterm": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "is_copy": "relay.processes.supervisor" in sys.modules,
    "may_start_processes": not multiprocessing.current_process().daemon,
    "uptime": time.monotonic() - relay.STARTED_AT, "chance": random.random(), "environ": dict(os.environ),
}
with open(NOTES, "a") as file:
    file.write(json.dumps(found) + "\\n")
while True:
    time.sleep(1)
"""


class Parent:
    def __init__(self, folder: Path) -> None:
        self._notes = folder / "notes"
        self._notes.touch()
        script = folder / "child.py"
        script.write_text(f"import sys; sys.path.insert(0, {ROOT!r})\nNOTES = {str(self._notes)!r}\n{CHILD}")
        self.script = str(script)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT.format(root=ROOT, script=self.script)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "relay.settings", "ONLY": "here"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.kept, self.chance = output.readline().split()

    def children(self, count: int) -> list[dict[str, Any]]:
        until(lambda: self._notes.read_text().count("\n") >= count)
        return [json.loads(line) for line in self._notes.read_text().splitlines()]


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    found = Parent(tmp_path)
    yield found
    found.process.terminate()
    assert found.process.wait(20) == 0


def test_it_is_a_process_of_its_own(parent: Parent) -> None:
    (child,) = parent.children(1)
    assert child["is_copy"]
    assert child["argv"] == [parent.script, "--an", "argument"]
    assert child["cmdline"].rstrip("\0") == f"{sys.executable} {parent.script} --an argument"
    assert child["session"] == child["pid"]
    assert child["cwd"] == ROOT
    assert child["environ"]["ONLY"] == "here"
    assert child["may_start_processes"]


def test_it_has_nothing_of_the_event_loop_that_it_was_copied_from(parent: Parent) -> None:
    (child,) = parent.children(1)
    assert parent.kept in child["fds"]
    assert parent.script not in child["fds"].values()
    assert sum(name.startswith(("socket:", "pipe:", "anon_inode:")) for name in child["fds"].values()) <= 4
    assert (child["sigterm"], child["blocked"]) == (True, 0)


def test_it_chooses_for_itself_and_is_as_old_as_it_is(parent: Parent) -> None:
    (child,) = parent.children(1)
    os.kill(child["pid"], signal.SIGKILL)
    _, successor = parent.children(2)
    assert len({str(child["chance"]), str(successor["chance"]), parent.chance}) == 3
    assert 0 <= successor["uptime"] < 5


def test_sighup_makes_new_interpreters_since_the_code_may_be_new(parent: Parent) -> None:
    parent.children(1)
    parent.process.send_signal(signal.SIGHUP)
    first, second = parent.children(2)
    assert (first["is_copy"], second["is_copy"]) == (True, False)
    os.kill(second["pid"], signal.SIGKILL)
    assert not parent.children(3)[2]["is_copy"]


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = Parent(tmp_path)
    (child,) = parent.children(1)
    parent.process.kill()
    parent.process.wait()
    until(lambda: not _lives(child["pid"]))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_what_is_loaded_makes_no_thread_and_no_event_loop() -> None:
    """Neither survives a copy: a lock held by a thread that is not there stays held for ever."""
    program = """
import sys, threading
import django; django.setup()
from relay.processes import copying
copying.load()
assert threading.active_count() == 1, threading.enumerate()
assert "twisted.internet.reactor" not in sys.modules
assert len(__import__("os").listdir("/proc/self/task")) == 1
"""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "relay.settings", "PYTHONPATH": ROOT}
    subprocess.run([sys.executable, "-c", program], env=environ, check=True, timeout=60)


def test_elsewhere_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    copying.load()
    assert not copying.is_loaded()
