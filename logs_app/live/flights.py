"""Exchanges that are not over yet, as the recorder knows them from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from heapq import nlargest
from typing import Any, Self

from accounts.loglevels import FULL, OFF
from logs_app.assembly import RedactorFor
from logs_app.assembly.transcript import Meta, Transcript
from logs_app.journal.segments import ANSWERED, OPENED
from logs_app.recorder.exchanges import Exchange
from logs_app.recorder.lives import Life
from logs_app.recorder.store import Unavailable

FLIGHTS = "flights"  # what to ask the recorder for
# More than these are counted, not listed.
MOST_LISTED = 200
NO_KEY: Meta = {}


@dataclass(frozen=True, slots=True)
class Flight:
    """An exchange that goes on, and how far it has come."""

    id: str
    started_us: int  # since 1970
    method: str
    path: str
    endpoint: str
    model: str
    is_streaming: bool
    key_id: str
    key: str
    project_id: str
    project: str
    provider: str  # empty before one has answered, like what follows
    model_sent: str
    status: int | None
    parts: int
    bytes: int
    is_readable: bool  # its text may be shown: it is recorded in full, and as it is said


@dataclass(frozen=True, slots=True)
class Flights:
    total: int
    streams: int
    newest: list[Flight]

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Self:
        return cls(given["total"], given["streams"], [Flight(**each) for each in given["newest"]])

    def as_json(self) -> dict[str, Any]:
        return {"total": self.total, "streams": self.streams, "newest": [asdict(f) for f in self.newest]}


class Board:
    """Reads the head of each exchange once."""

    def __init__(self, redactor_for: RedactorFor) -> None:
        self._redactor_for = redactor_for
        self._heads: dict[bytes, Head] = {}

    def flights(self, lives: Iterable[Life]) -> Flights:
        open_now = {id: exchange for life in lives for id, exchange in list(life.open.items())}
        self._heads = {id: self._heads.get(id) or Head(exchange) for id, exchange in open_now.items()}
        streams = sum(bool(head.opened.get("is_streaming")) for head in self._heads.values())
        newest = nlargest(MOST_LISTED, self._heads)
        return Flights(len(open_now), streams, [self.flight(self._heads[id]) for id in newest])

    def flight(self, head: Head) -> Flight:
        """As much of it as its record will say."""
        exchange, opened, answered = head.exchange, head.opened, head.answered
        key, project = opened.get("key") or NO_KEY, opened.get("project") or NO_KEY
        level, project_id = opened.get("log") or FULL, str(project.get("id") or "")
        is_kept, conceal = self._conceal(project_id)
        is_open = is_kept and level != OFF
        return Flight(
            id=exchange.id.hex(),
            started_us=opened.get("created_us") or 0,
            method=opened.get("method") or "",
            path=(is_open and opened.get("path")) or opened.get("endpoint") or "",
            endpoint=opened.get("endpoint") or "",
            model=conceal(opened.get("model") or ""),
            is_streaming=bool(opened.get("is_streaming")),
            key_id=str(key.get("id") or ""),
            key=(level != OFF and key.get("name")) or "",
            project_id=project_id,
            project=(level != OFF and project.get("name")) or "",
            provider=answered.get("provider") or "",
            model_sent=conceal(answered.get("model_sent") or ""),
            status=answered.get("status"),
            parts=exchange.part_count,
            bytes=exchange.part_bytes,
            is_readable=is_open and level == FULL,
        )

    def _conceal(self, project_id: str) -> tuple[bool, Any]:
        """Whether records of the project are kept as they are, and what takes secrets out of a text else."""
        try:
            redactor = self._redactor_for(project_id)
        except Unavailable:  # nobody knows yet what must not be shown
            return False, lambda text: ""
        return (True, str) if redactor is None else (False, redactor.text)


class Head:
    """What an exchange says of itself before its answer comes."""

    __slots__ = ("_answered", "exchange", "opened")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.opened = _metas(exchange, 0, OPENED).opened
        self._answered: Meta | None = None

    @property
    def answered(self) -> Meta:
        if self._answered is None and self.exchange.answer is not None:
            self._answered = _metas(self.exchange, self.exchange.answer, ANSWERED).answered
        return self._answered or NO_KEY


def _metas(exchange: Exchange, place: int, wanted: int) -> Transcript:
    """Of one entry. One that cannot be read says nothing here; the recorder will say that it is lost."""
    return Transcript(_one(exchange, place, wanted), 0, may_fold=False)


def _one(exchange: Exchange, place: int, wanted: int) -> Iterator[Any]:
    try:
        piece = next(exchange.pieces(place), None)
    except LookupError:
        return
    if piece is not None and piece[0] == wanted:
        yield piece
