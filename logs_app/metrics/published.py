"""What only one process knows, in a file of its own that any other can read.

A file is replaced whole, so it is never read half-written; one that was not renewed for a while belongs to a
process that is gone. Failure policy: a file that cannot be written costs its numbers and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import orjson

from logs_app.metrics.sample import Sample

INTERVAL_SECONDS = 1.0
STALE_SECONDS = 20.0

log = logging.getLogger(__name__)


class Publication:
    """The file of one process, by a name that its successor takes over: `worker 0`, `recorder`."""

    def __init__(self, directory: Path, process: str) -> None:
        self._path = directory / f"{quote(process, safe=' ')}.json"
        self._has_failed = False

    def publish(self, samples: Iterable[Sample]) -> None:
        content = [
            [sample.name, sample.value, dict(sample.labels), *_histogram(sample)] for sample in samples
        ]
        new = self._path.with_suffix(f".{os.getpid()}")
        try:
            new.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_bytes(orjson.dumps(content))
            new.replace(self._path)
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                log.warning("Metrics of this process cannot be written to %s (%s).", self._path, error)
            self._has_failed = True

    def withdraw(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def read(directory: Path) -> Iterator[tuple[str, list[Sample]]]:
    """Of each process that is at work: its name and what it says."""
    oldest = time.time() - STALE_SECONDS
    for path in sorted(directory.glob("*.json")):
        with contextlib.suppress(OSError, ValueError):  # gone or renewed in this moment
            if path.stat().st_mtime >= oldest:
                yield unquote(path.stem), [_sample(*row) for row in orjson.loads(path.read_bytes())]


def of_this_process() -> Iterator[Sample]:
    """Its memory, processor time and open files."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield Sample("llm_proxy_process_cpu_seconds_total", usage.ru_utime + usage.ru_stime)
    yield Sample("llm_proxy_process_resident_memory_bytes", _resident_bytes(usage))
    with contextlib.suppress(OSError):
        yield Sample("llm_proxy_process_open_fds", len(os.listdir("/proc/self/fd")))


def _resident_bytes(usage: resource.struct_rusage) -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()
    except OSError:  # elsewhere than on Linux: the most it ever was
        return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _histogram(sample: Sample) -> list[object]:
    return [[[str(bound), count] for bound, count in sample.buckets], sample.total] if sample.buckets else []


def _sample(
    name: str,
    value: float,
    labels: dict[str, str],
    buckets: Iterable[tuple[str, int]] = (),
    total: float = 0.0,
) -> Sample:
    return Sample(name, value, labels, tuple((float(bound), count) for bound, count in buckets), total)
