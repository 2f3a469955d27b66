"""Database connections of the threads that ask for an event loop: Django closes one with its request, and
here there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseError

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def ask_once(question: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """For what is asked so seldom that no connection is kept for it."""
    try:
        return question(*args, **kwargs)
    finally:
        connections.close_all()


class KeptConnection:
    """The one of a thread that asks again and again: to open a SQLite file costs more than most questions."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._file: tuple[int, int] | None = None

    def check(self) -> bool:
        """Before a question. Closes the connection when it is worn out, or when its SQLite file was moved or
        replaced, and says so: it would read the old one for ever. Raises DatabaseError when there is no file:
        it would make an empty one in its place.
        """
        connection = connections[self._using]
        if connection.vendor != "sqlite":
            connection.close_if_unusable_or_obsolete()
            return False
        path = connection.settings_dict["NAME"]
        try:
            found = os.stat(path)
        except OSError as error:
            raise DatabaseError(f"{path}: {error.strerror}") from None
        if (found.st_dev, found.st_ino) == self._file:
            return False
        self.close()
        self._file = found.st_dev, found.st_ino
        return True

    def close(self) -> None:
        """Unless somebody else is inside a transaction of it (a test)."""
        if not connections[self._using].in_atomic_block:
            connections[self._using].close()
