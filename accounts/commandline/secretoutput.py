"""Secrets on their way between a command and a person: printed, or in a file that only its owner reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from django.core.management.base import CommandError


class Writable(Protocol):
    def write(self, text: str) -> object: ...

    def flush(self) -> None: ...


class SecretOutput:
    def __init__(self, stream: Writable, descriptor: int | None = None) -> None:
        self._stream = stream
        self._descriptor = descriptor

    def write(self, line: str) -> None:
        """Returns when the line is out, in a file on the disk: the secret is stored nowhere else."""
        self._stream.write(f"{line}\n")
        self._stream.flush()
        if self._descriptor is not None:
            os.fsync(self._descriptor)


@contextmanager
def opened(path: Path | None, otherwise: Writable) -> Iterator[SecretOutput]:
    """Appends, so that a repeat of an interrupted run keeps the lines of the first."""
    if path is None:
        yield SecretOutput(otherwise)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        yield SecretOutput(file, descriptor)


def read(name: str, stdin: TextIO | None = None) -> str:
    """The secret in the file of this name; `-` is standard input."""
    try:
        text = (stdin or sys.stdin).read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CommandError(f"{name} cannot be read: {reason}.") from None
    secret = text.strip()
    if not secret or not secret.isprintable():
        raise CommandError(f"{name} holds no secret: one line of printable characters is expected.")
    return secret
