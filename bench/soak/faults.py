"""What is broken, how it is mended, and which troubles of calls it explains."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.processes import Failed
from bench.soak.calls import CUT, ERROR_EVENT, LOST, STATUS, Call
from bench.soak.timetable import Entry
from bench.soak.world import PRIMARY, PROXY_KEY, World

# Clients notice a dead connection when they use it next.
NOTICE_SECONDS = 1.0
# Until every process holds what was changed, with room for a busy machine.
HOLDS_SECONDS = 3.0


@dataclass(slots=True)
class Window:
    """`until` is when it was mended; calls under way at `began` (with NOTICE_SECONDS) may have the troubles
    of `explains`, and the console may fail, and the log complain, until it was mended.
    """

    fault: str
    began: float
    until: float = 0.0
    explains: frozenset[str] = frozenset()
    problem: str = ""

    def covers(self, call: Call) -> bool:
        is_under_way = call.began <= self.began + NOTICE_SECONDS and call.ended >= self.began
        troubles = {call.trouble, LOST if call.is_repeat else ""} - {""}
        return is_under_way and troubles <= self.explains

    def may_repeat(self, call: Call) -> bool:
        """By its client, or unseen by the client's library: aiohttp sends a GET again by itself."""
        return LOST in self.explains and self.covers(call)


@dataclass(slots=True)
class Hands:
    """Keeps what one fault leaves for the next: the keys."""

    world: World
    hold_seconds: float
    stopping: threading.Event = field(default_factory=threading.Event)
    keys: list[dict[str, Any]] = field(default_factory=list)
    withered: list[str] = field(default_factory=list)

    def furnish_keys(self) -> None:
        self.keys = [self._credential(f"soak {number}") for number in range(3)]
        self._revoke(self._credential("never used"))
        self._tell()

    def pause(self, seconds: float) -> None:
        self.stopping.wait(seconds)

    # The faults

    def kill(self, role: str) -> None:
        self.world.kill(role)

    def reload(self) -> None:
        before = self.world.pids()
        os.kill(self.world.serve_pid, signal.SIGHUP)
        self.world.wait_for("all processes are replaced", lambda: self._are_replaced(before), 180)

    def _are_replaced(self, before: dict[int, str]) -> bool:
        now = self.world.pids()
        return not now.keys() & before.keys() and sorted(now.values()) == sorted(before.values())

    def provider_refuses(self) -> None:
        os.kill(self.world.provider_pids[PRIMARY], signal.SIGKILL)
        self.pause(self.hold_seconds)
        self.world.start_provider(PRIMARY)

    def provider_stops(self) -> None:
        """It takes connections and says nothing."""
        pid = self.world.provider_pids[PRIMARY]
        os.kill(pid, signal.SIGSTOP)
        try:
            self.pause(self.hold_seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    def database_away(self) -> None:
        with _closed(self.world.database_url) if self.world.database_url else _moved(self.world):
            self.pause(2 * self.hold_seconds)

    def key_rotates(self) -> None:
        """The clients follow within the old secret's grace."""
        row = self.keys[0]
        rotated = self.world.ask("POST", f"/manage/credentials/{row['id']}/rotate", {"grace": "10s"})
        self.keys[0] = row | {"key": rotated["key"]}
        self.pause(HOLDS_SECONDS)
        self._tell()

    def key_revoked(self) -> None:
        row = self.keys.pop()
        self.keys.insert(0, self._credential(f"soak {time.time():.0f}"))
        self.pause(HOLDS_SECONDS)
        self._tell()
        self.pause(HOLDS_SECONDS)  # until nobody calls with it any more
        self._revoke(row)
        self.pause(HOLDS_SECONDS)
        self._tell()

    def configuration_changes(self) -> None:
        """A provider and a route come, change and go, under traffic that uses them."""
        ask = self.world.ask
        ask("PATCH", "/manage/settings", {"max_failovers": 3})
        extra = {"provider_key": "extra", "api_key": "sk-extra", "api_base": self.world.provider_url("spare")}
        ask("POST", "/manage/providers", extra)
        self.pause(HOLDS_SECONDS)
        ask("PATCH", "/manage/providers/extra", {"weight": 3, "model_mapping": {"gpt-4o*": "gpt-4o-*"}})
        self.pause(HOLDS_SECONDS)
        ask("DELETE", "/manage/providers/extra")
        ask("PATCH", "/manage/settings", {"max_failovers": 2})

    # Keys

    def _credential(self, name: str) -> dict[str, Any]:
        return self.world.ask("POST", "/manage/credentials", {"name": name})

    def _revoke(self, row: dict[str, Any]) -> None:
        self.world.ask("PATCH", f"/manage/credentials/{row['id']}", {"is_enabled": False})
        self.withered = [*self.withered[-5:], row["key"]]

    def _tell(self) -> None:
        self.world.write_keys([PROXY_KEY, *(row["key"] for row in self.keys)], self.withered)


Play = Callable[[Hands], None]
FAULTS: dict[str, tuple[Play, frozenset[str]]] = {
    "kill worker": (lambda hands: hands.kill("worker"), frozenset({LOST, CUT})),
    "kill recorder": (lambda hands: hands.kill("recorder"), frozenset()),
    "kill console": (lambda hands: hands.kill("console"), frozenset()),
    "kill dispatchers": (lambda hands: hands.kill("dispatchers"), frozenset()),
    "reload": (Hands.reload, frozenset()),
    # Of answers that had begun the rest is gone; an upload that was on its way cannot be sent again.
    "provider refuses": (Hands.provider_refuses, frozenset({ERROR_EVENT, CUT, STATUS})),
    "provider stops": (Hands.provider_stops, frozenset()),
    "database away": (Hands.database_away, frozenset()),
    "key rotates": (Hands.key_rotates, frozenset()),
    "key revoked": (Hands.key_revoked, frozenset()),
    "configuration changes": (Hands.configuration_changes, frozenset()),
}


def play(hands: Hands, entries: Iterable[Entry], began: float, windows: list[Window]) -> None:
    """One after the other, each when its time has come; `windows` grows as they happen."""
    for entry in entries:
        hands.pause(began + entry.at - time.time())
        if hands.stopping.is_set():
            return
        perform, explains = FAULTS[entry.fault]
        window = Window(entry.fault, time.time(), explains=explains)
        windows.append(window)
        try:
            perform(hands)
        except Failed as problem:
            window.problem = str(problem)
        window.until = time.time()


# The database


@contextmanager
def _moved(world: World) -> Any:
    """The folder, not the file: whoever opened a new file beside the old one's log would spoil both."""
    folder, elsewhere = world.database_folder, world.database_folder.with_name("database.away")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)


@contextmanager
def _closed(url: str) -> Any:
    """Nobody may connect, and whoever is connected is cut off."""
    name = urlsplit(url).path.lstrip("/")
    server = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.Literal(False)))
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.Literal(True)))
