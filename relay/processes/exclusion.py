"""One relay for each data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from accounts import filelock

NAME = "serve.lock"


def is_of_relay(folder: Path) -> bool:
    return (folder / NAME).exists()


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Two of them would share a console socket, or a database file; the lock ends with the process."""
    with (data_dir / NAME).open("a+") as file:
        if not filelock.lock(file.fileno()):
            raise CommandError(f"Another relay already runs on the data folder {data_dir}.")
        yield
