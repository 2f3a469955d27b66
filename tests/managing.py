"""`manage.py` for tests that type many commands: each is a process of its own, begun warm.

A start costs a second of a core or two, nearly all of it to import the same modules. Here one process has
imported them and waits; for every command it makes a copy of itself, which runs manage.py as it stands, with
the arguments, the files and the end of any other process.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
END_SECONDS = 60
STREAMS = ("stdin", "stdout", "stderr")

Done = subprocess.CompletedProcess[str]


class Manage:
    """All commands get the same variables, `environ`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._waiting: subprocess.Popen[str] | None = None

    def run(self, *arguments: str, typed: str = "") -> Done:
        with tempfile.TemporaryDirectory(prefix="manage-") as folder:
            files = {name: Path(folder) / name for name in STREAMS}
            files["stdin"].write_text(typed)
            code = self._ask({name: str(path) for name, path in files.items()}, arguments)
            return Done(arguments, code, files["stdout"].read_text(), files["stderr"].read_text())

    def close(self) -> None:
        if self._waiting is not None:
            self._waiting.communicate(timeout=END_SECONDS)
            self._waiting = None

    def _ask(self, files: dict[str, str], arguments: Sequence[str]) -> int:
        waiting = self._waiting or self._start()
        self._waiting = None  # should the test end in between, the answer would be the next one's
        assert waiting.stdin is not None and waiting.stdout is not None
        waiting.stdin.write(json.dumps({"files": files, "arguments": arguments}) + "\n")
        waiting.stdin.flush()
        code = int(waiting.stdout.readline())
        self._waiting = waiting
        return code

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.managing"],
            cwd=ROOT,
            env=self.environ | {"DJANGO_SETTINGS_MODULE": "relay.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def wait_for_commands() -> None:
    """Until the other end closes. Answers each with its exit code; returns in the copy that is to run one."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w", buffering=1)
    while line := requests.readline():
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(request["files"], request["arguments"])
            return
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
    sys.exit()


def _become(files: dict[str, str], arguments: list[str]) -> None:
    for descriptor, name in enumerate(STREAMS):
        flags = os.O_RDONLY if name == "stdin" else os.O_WRONLY | os.O_CREAT
        opened = os.open(files[name], flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["manage.py", *arguments]


def run() -> int:
    """Ends without taking two thousand modules apart, which takes longer than most commands."""
    try:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
        code: Any = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    django.setup()
    import_module(settings.ROOT_URLCONF)
    gc.freeze()
    wait_for_commands()
    os._exit(run())
