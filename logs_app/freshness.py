"""A value out of the database that is read again at most once a second.

While the database is away the last value stays; before there was one, the database's error goes through.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import Error as DatabaseError
from django.db import connections

FRESH_SECONDS = 1.0

Value = TypeVar("Value")


class Fresh(Generic[Value]):
    def __init__(self, read: Callable[[], Value], seconds: float = FRESH_SECONDS) -> None:
        self._read, self._seconds = read, seconds
        self._lock = threading.Lock()
        self._until = 0.0
        self._known: list[Value] = []

    def get(self) -> Value:
        with self._lock:
            if not self._known or time.monotonic() >= self._until:
                self._refresh()
            return self._known[0]

    def forget(self) -> None:
        """The next `get` reads."""
        with self._lock:
            self._known.clear()

    def _refresh(self) -> None:
        try:
            self._known[:] = [self._read()]
        except DatabaseError:
            _drop_broken_connections()
            if not self._known:
                raise
        self._until = time.monotonic() + self._seconds


def _drop_broken_connections() -> None:
    """Of a thread that serves no request, where Django would do it."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
