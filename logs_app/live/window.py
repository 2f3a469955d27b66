"""The recorder's end of live.sock: whoever connects writes what it wants to see, and reads news, a line each.

    {"want": "flights"}        → {"total", "streams", "newest": [...]} whenever that has changed
    {"want": "<id in hex>"}    → {"flight", "passages", "is_too_long"}, and at last {"has_ended": true}

After each line it asks for the next with an empty one. News are made when they are asked for, so a slow
visitor gets fewer and takes no memory. Nothing waits here.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import orjson

from logs_app.assembly import RedactorFor
from logs_app.live.flights import FLIGHTS, Board
from logs_app.live.watched import Watched
from logs_app.recorder.lives import Life

LOOK_SECONDS = 0.1
FLIGHTS_SECONDS = 0.3
MOST_VISITORS = 64
LONGEST_WISH = 256

log = logging.getLogger(__name__)


class View(Protocol):
    has_ended: bool

    def news(self, lives: Iterable[Life]) -> dict[str, Any] | None: ...


class Window:
    def __init__(self, path: Path, redactor_for: RedactorFor) -> None:
        self._path, self._board = path, Board(redactor_for)
        self._listener: socket.socket | None = None
        self._visitors: list[Visitor] = []
        self._next_at = 0.0
        self._failures = 0

    def open(self) -> None:
        """Without it there is recording, and nothing to watch."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        made = self._path.with_suffix(".new")
        try:
            made.unlink(missing_ok=True)
            listener.bind(str(made))
            made.chmod(0o600)
            listener.listen(MOST_VISITORS)
            os.rename(made, self._path)
        except OSError as error:
            listener.close()
            log.warning("Nothing can be watched live: %s cannot be made (%s).", self._path, error)
        else:
            self._listener = listener

    def show(self, lives: Iterable[Life]) -> None:
        """Between two batches of the recorder, as often as it likes; never raises, never waits."""
        now = time.monotonic()
        if self._listener is None or now < self._next_at:
            return
        self._next_at = now + LOOK_SECONDS
        try:
            self._let_in(self._listener)
            if self._visitors:
                known = list(lives)
                self._visitors = [visitor for visitor in self._visitors if visitor.serve(known)]
        except Exception:
            self._failures += 1
            if self._failures.bit_count() == 1:  # 1, 2, 4, 8…
                log.exception("What goes on could not be shown (%d times so far).", self._failures)
            self._send_away()

    def close(self) -> None:
        """The file stays: it may be the next recorder's by now."""
        self._send_away()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _let_in(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                connection, _ = listener.accept()
                if len(self._visitors) < MOST_VISITORS:
                    self._visitors.append(Visitor(connection, self._board))
                else:
                    connection.close()

    def _send_away(self) -> None:
        for visitor in self._visitors:
            visitor.close()
        self._visitors.clear()


class Visitor:
    def __init__(self, connection: socket.socket, board: Board) -> None:
        connection.setblocking(False)
        self._connection, self._board = connection, board
        self._wish, self._outbox = b"", b""
        self._is_asking = True
        self._view: View | None = None

    def serve(self, lives: list[Life]) -> bool:
        """Whether it is still there."""
        try:
            is_there = self._listen() and self._tell(lives)
        except OSError:
            is_there = False
        if not is_there:
            self.close()
        return is_there

    def close(self) -> None:
        self._connection.close()

    def _listen(self) -> bool:
        try:
            said = self._connection.recv(LONGEST_WISH)
        except BlockingIOError:
            return True
        if not said:
            return False
        self._is_asking = True
        if self._view is None:
            self._wish += said
            if b"\n" in self._wish:
                self._view = self._understand(self._wish.partition(b"\n")[0])
                return self._view is not None
        return len(self._wish) <= LONGEST_WISH

    def _understand(self, wish: bytes) -> View | None:
        try:
            wanted = orjson.loads(wish)["want"]
            return Overview(self._board) if wanted == FLIGHTS else Watched(bytes.fromhex(wanted), self._board)
        except (ValueError, TypeError, KeyError):
            return None

    def _tell(self, lives: list[Life]) -> bool:
        if self._view is not None and self._is_asking and not self._outbox:
            if self._view.has_ended:
                return False
            if news := self._view.news(lives):
                self._outbox, self._is_asking = _line(news), False
        if self._outbox:
            with suppress(BlockingIOError):
                self._outbox = self._outbox[self._connection.send(self._outbox) :]
        return True


class Overview:
    """All that is in flight."""

    has_ended = False

    def __init__(self, board: Board) -> None:
        self._board = board
        self._last: dict[str, Any] | None = None
        self._next_at = 0.0

    def news(self, lives: Iterable[Life]) -> dict[str, Any] | None:
        now = time.monotonic()
        if now < self._next_at:
            return None
        self._next_at = now + FLIGHTS_SECONDS
        news = self._board.flights(lives).as_json()
        if news == self._last:
            return None
        self._last = news
        return news


def _line(news: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(news) + b"\n"
    except TypeError:  # half a surrogate, whose other half may be under way
        return json.dumps(news, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
