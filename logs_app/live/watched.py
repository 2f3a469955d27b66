"""One exchange that somebody watches: what its answer says, as far as it has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from logs_app.assembly.transcript import Piece, Transcript
from logs_app.live.flights import Board, Head
from logs_app.presentation import passages
from logs_app.presentation.passages import Passage
from logs_app.recorder.exchanges import Exchange
from logs_app.recorder.lives import Life

# Of one look; what is more is read at the next.
READ_BYTES = 512 * 1024
READ_ENTRIES = 2000
# A longer answer is put together when it is over, not at every look.
LONGEST_TEXT = 256 * 1024
Saying = dict[str, Any]


class Watched:
    def __init__(self, id: bytes, board: Board) -> None:
        self.has_ended = False
        self._id, self._board = id, board
        self._view: View | None = None

    def news(self, lives: Iterable[Life]) -> Saying | None:
        """None when there is nothing new; the last news is that it has ended."""
        exchange = next((life.open[self._id] for life in lives if self._id in life.open), None)
        if exchange is None:
            self.has_ended = True
            return {"has_ended": True}
        if self._view is None or self._view.exchange is not exchange:  # or the recorder began anew
            self._view = View(exchange)
        return self._view.news(self._board)


class View:
    """News are steps from what was told last: `at` is the number of a passage, `text` what it grows by, or
    with `is_new` all of it.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._head = Head(exchange)
        self._read_entries = 0
        self._transcript = Transcript((), 0, may_fold=True)
        self._told: list[Passage] = []
        self._last: Saying = {}

    def news(self, board: Board) -> Saying | None:
        flight = board.flight(self._head)
        steps = list(self._steps()) if flight.is_readable else []
        news = {"flight": asdict(flight), "is_too_long": self._is_too_long}
        if news == self._last and not steps:
            return None
        self._last = news
        return news | {"passages": steps}

    @property
    def _is_too_long(self) -> bool:
        return sum(len(passage.text) for passage in self._told) > LONGEST_TEXT

    def _steps(self) -> Iterator[Saying]:
        if self._is_too_long or not self._read():
            return
        said = self._said()
        for at, passage in enumerate(said):
            told = self._told[at] if at < len(self._told) else None
            if told is None or told[:2] != passage[:2] or not passage.text.startswith(told.text):
                yield {"at": at, "is_new": True, **passage._asdict()}
            elif len(passage.text) > len(told.text):
                yield {"at": at, "is_new": False, "text": passage.text[len(told.text) :]}
        self._told = said

    def _said(self) -> list[Passage]:
        try:
            return passages.of(self._transcript.body_so_far)
        except Exception:  # events of an impossible shape: its record will show what there is
            return self._told

    def _read(self) -> bool:
        """Whether there was something to read."""
        before = self._read_entries
        try:
            self._transcript.read(self._unread())
        except LookupError:  # damaged on the disk: the recorder will say so
            self._read_entries = self.exchange.entry_count
        return self._read_entries > before

    def _unread(self) -> Iterator[Piece]:
        read_bytes = 0
        for piece in islice(self.exchange.pieces(self._read_entries), READ_ENTRIES):
            self._read_entries += 1
            yield piece
            read_bytes += len(piece[2])
            if read_bytes > READ_BYTES:
                return
