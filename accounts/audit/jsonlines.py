"""The audit trail as a file of JSON lines, with a chain of its own. Several processes append under a lock.

Failure policy: the change is committed already when its line is written, so one that cannot be written is an
error in the log and never one of the caller's. A line that was cut (a full disk) is
left as it is for `verify_audit` to show, and the chain goes on after the one before it.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from .chain import FIELDS, FIRST, Values, faults_of, link

TAIL_BYTES = 256 * 1024

log = logging.getLogger(__name__)


def append(path: Path, values: Values, *, may_create_folder: bool) -> None:
    try:
        if may_create_folder:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(_line(file, values))
    except OSError as error:
        log.error("The audit event %s could not be written to %s: %s", values["action"], path, error)


def faults(path: Path) -> Iterator[str]:
    """What is wrong with the chain in the file, in words."""
    unreadable: list[int] = []
    yield from faults_of(str(path), _links(path, unreadable), None, None)
    for number in unreadable:
        yield f"{path}: line {number} is unreadable."


def contains(path: Path, hash: str) -> bool:
    return any(given == hash for _, _, given in _links(path, []))


def _line(file: Any, values: Values) -> bytes:
    tail = _tail(file)
    last = next(filter(None, map(_parsed, reversed(tail.splitlines()))), {})
    previous = last.get("hash", FIRST)
    # The number in the file is the file's own: it may hold events that the database does not.
    values = values | {"seq": last.get("seq", 0) + 1}
    line = values | {"previous_hash": previous, "hash": link(previous, values)}
    before = b"" if not tail or tail.endswith(b"\n") else b"\n"
    return before + orjson.dumps(line) + b"\n"


def _tail(file: Any) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    return file.read()


def _links(path: Path, unreadable: list[int]) -> Iterator[tuple[Values, str, str]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if values := _parsed(line):
                yield values, values.pop("previous_hash"), values.pop("hash")
            else:
                unreadable.append(number)


def _parsed(line: bytes) -> Values:
    """Empty when it is no whole line of a chain."""
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    is_whole = isinstance(values, dict) and values.keys() >= {*FIELDS, "previous_hash", "hash"}
    return values if is_whole else {}
