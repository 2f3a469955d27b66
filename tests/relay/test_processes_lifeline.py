"""kill -9 gives a parent no last word: its children notice by their lifeline."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relay.processes import lifeline
from tests.relay.stage import ROOT, Stage

PARENT = """
import asyncio, sys
sys.path.insert(0, {root!r})
import django; django.setup()
from relay.processes.process import Program
from relay.processes.supervisor import Child, supervise
program = {program!r}
asyncio.run(supervise([[Child(lambda turn: program)]], lambda: None, lambda: None))
"""


def test_children_stop_when_their_parent_is_killed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(root=ROOT, program=stage.program("a"))],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "relay.settings"},
    )
    asyncio.run(stage.until(lambda: len(stage.notes("started")) == 1))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    asyncio.run(stage.until(lambda: len(stage.notes("ended")) == 1, seconds=5))


def test_a_process_without_such_a_parent_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lifeline.FD_VARIABLE, raising=False)
    lifeline.hold()
    lifeline.say_ready()
    assert lifeline._lifeline is None


def test_the_lifeline_is_not_handed_on(tmp_path: Path) -> None:
    """A grandchild that kept it open would hide its parent's death from serve."""
    stage = Stage(tmp_path)
    extra = (
        "import subprocess; from subprocess import run;"
        "shown = run(['ls', '-l', '/proc/self/fd'], capture_output=True, text=True);"
        f"open({str(tmp_path / 'fds')!r}, 'w').write(shown.stdout)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(root=ROOT, program=stage.program("a", extra=extra))],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "relay.settings"},
    )
    asyncio.run(stage.until(lambda: (tmp_path / "fds").exists() and (tmp_path / "fds").read_text() != ""))
    parent.terminate()
    parent.wait()
    assert "socket" not in (tmp_path / "fds").read_text()
