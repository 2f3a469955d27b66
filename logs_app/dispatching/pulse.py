"""The pulse of a process: keeps lots that are being delivered, however long a sink takes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections
from redis.exceptions import RedisError

from logs_app.bus import Bus, Lot
from logs_app.bus.bus import LEASE_SECONDS
from logs_app.events import feed, subscriptions

SEEN_SECONDS = 10.0

log = logging.getLogger(__name__)


class Pulse:
    def __init__(self, lease_seconds: float = LEASE_SECONDS) -> None:
        self._beat_seconds = lease_seconds / 3
        self._lots: dict[int, tuple[Bus, Lot]] = {}
        self._names: set[str] = set()
        self._seen_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    @contextmanager
    def keeping(self, bus: Bus, lot: Lot) -> Iterator[None]:
        self._lots[id(lot)] = (bus, lot)
        try:
            yield
        finally:
            del self._lots[id(lot)]

    @contextmanager
    def showing(self, name: str) -> Iterator[None]:
        """That somebody is at work for this subscriber."""
        self._names.add(name)
        self._seen_at = 0.0
        try:
            yield
        finally:
            self._names.discard(name)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._beat_seconds):
                self._beat()
        finally:
            connections.close_all()

    def _beat(self) -> None:
        try:
            for bus, lot in list(self._lots.values()):
                bus.keep(lot)
            if time.monotonic() >= self._seen_at:
                for name in list(self._names):
                    subscriptions.see(name)
                self._seen_at = time.monotonic() + SEEN_SECONDS
        except (Error, RedisError) as error:
            connections[feed.alias()].close()
            log.info("A beat is left out: %s", error)
