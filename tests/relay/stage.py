"""Small scripts that stand in for workers and recorder, and note in a file how they live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from relay.processes.process import Program

SCRIPT = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from relay.processes import lifeline
def note(word):
    with open({notes!r}, "a") as file:
        file.write(f"{{word}} {name} {{os.getpid()}}\\n")
def end(*_):
    time.sleep({lingers})
    note("ended")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
lifeline.hold()
note("started")
{extra}
lifeline.say_ready()
while True:
    time.sleep(1)
"""
ROOT = str(Path(__file__).resolve().parent.parent.parent)


class Stage:
    """Makes programs whose life can be read in a file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notes"
        self.path.touch()

    def program(
        self, name: str, *, lingers: float = 0, extra: str = "", grace: float = 10, **options: bool
    ) -> Program:
        script = SCRIPT.format(root=ROOT, notes=str(self.path), name=name, lingers=lingers, extra=extra)
        return Program(name, ("-c", script), grace, says_ready=True, **options)

    def notes(self, word: str, name: str = "") -> list[int]:
        lines = [line.split() for line in self.path.read_text().splitlines()]
        return [int(pid) for seen, who, pid in lines if seen == word and name in ("", who)]

    def words(self) -> list[str]:
        return [" ".join(line.split()[:2]) for line in self.path.read_text().splitlines()]

    async def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)
