"""What each process holds: memory, descriptors, threads, every few seconds over its whole life."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import processes


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    rss_mb: float
    fds: int
    threads: int


@dataclass(slots=True)
class Life:
    """Of one process: its successor in the same place is another one."""

    role: str
    pid: int
    samples: list[Sample] = field(default_factory=list)


def sample(pid: int) -> Sample | None:
    try:
        fds = len(os.listdir(f"/proc/{pid}/fd"))
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return None
    return Sample(time.monotonic(), processes.rss_bytes(pid) / 1e6, fds, threads)


class Sampler:
    def __init__(self, find: Callable[[], dict[int, str]], interval: float) -> None:
        self.lives: dict[int, Life] = {}
        self._find, self._interval = find, interval

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(self._interval):
            for pid, role in self._find().items():
                if seen := sample(pid):
                    self.lives.setdefault(pid, Life(role, pid)).samples.append(seen)


def free_mb(folder: Path) -> float:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize / 1e6
