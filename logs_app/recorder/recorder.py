"""The recorder: reads what the workers wrote into the journal and makes records of it, each exactly once.

Failure policy: nothing that one exchange contains stops the others, and nothing that happens to the database
loses one. The journal waits while the database is away; an exchange that cannot be folded or stored is stored
without being folded, and says why; one that killed the recorder twice is not folded again.
"""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event

from logs_app import assembly
from logs_app.assembly import Rows
from logs_app.assembly.transcript import Piece
from logs_app.journal.segments import MasterKeys, Name
from logs_app.pricing import EMPTY, Book
from logs_app.recorder.batches import Batch
from logs_app.recorder.carry import carry_over
from logs_app.recorder.directory import Directory
from logs_app.recorder.exchanges import Exchange, Memory
from logs_app.recorder.lives import Life, Segment
from logs_app.recorder.store import Overtaken, Store, Unavailable
from logs_app.recorder.suspects import Suspects

POLL_SECONDS = 0.1
CARRY_SECONDS = 120.0
MOST_PINNED_SEGMENTS = 8
SWEEP_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 5.0
LAST_TRY_SECONDS = 10.0
REPORT_SECONDS = 2.0
REPORTED_BYTES = 4 << 20
NOT_FOLDED = "The recorder died twice while it folded this answer."

log = logging.getLogger(__name__)


class Recorder:
    def __init__(
        self,
        directory: Path,
        masters: MasterKeys,
        *,
        max_body_bytes: int,
        node: str | None = None,
        store: Store | None = None,
        memory: Memory | None = None,
        report: Callable[[str], None] = log.info,
        settle: Callable[[list[Rows]], object] = len,
        show: Callable[[Iterable[Life]], object] = id,
        prices: Callable[[], Book] = lambda: EMPTY,
        redactor_for: assembly.RedactorFor = assembly.nobody,
        carry_seconds: float = CARRY_SECONDS,
        report_seconds: float = REPORT_SECONDS,
        last_try_seconds: float = LAST_TRY_SECONDS,
    ) -> None:
        """`node` is whose journal this is; None for one from elsewhere.

        `settle` is told of rows when they are committed, and of none in every round, `show` of what is open;
        neither may raise.
        """
        self.recorded = 0
        self._node, self._settle, self._show = node, settle, show
        self._prices, self._redactor_for = prices, redactor_for
        self._directory, self._masters = Directory(directory, masters), masters
        self._store = store or Store()
        self._suspects = Suspects(directory / "recorder.suspects")
        self._max_body_bytes = max_body_bytes
        self._memory = memory or Memory()
        self._lives: dict[str, Life] = {}
        self._known: set[str] = set()  # names of segment files that are open here
        self._nodes: set[str] = set()  # registered
        self._forgotten: list[str] = []  # segments that are gone and still have a cursor
        self._batch = Batch()
        self._sweep_at, self._carry_seconds = 0.0, carry_seconds
        self._leave_at, self._last_try_seconds = math.inf, last_try_seconds
        self._report, self._report_seconds = report, report_seconds
        self._report_at = time.monotonic() + report_seconds

    def run(self, stop: Event) -> None:
        """Until `stop`; then records what is there, or leaves it to the journal if the database is away."""
        pause = POLL_SECONDS
        while not stop.is_set():
            try:
                self.step()
                self._settle([])
                pause = POLL_SECONDS
            except Unavailable as error:
                pause = self._wait_for_database(error, pause)
            self._show(self._lives.values())
            stop.wait(pause)
        self._leave_at = time.monotonic() + self._last_try_seconds
        while not self._drained() and time.monotonic() < self._leave_at:
            time.sleep(POLL_SECONDS)

    def step(self) -> int:
        """Records all that is there and says how many. After Unavailable the next step goes on from there."""
        before = self.recorded
        try:
            self._commit()
            self._redactor_for("")  # nothing is assembled before it is known what must not be stored
            self._clear_cursors()
            self._discover()
            for life in list(self._lives.values()):
                for exchange in life.finished():
                    self._batch.add(life, exchange, self._assemble(life.node, exchange))
                    if self._batch.is_full:
                        self._commit()
                        if self._leaves_the_rest:
                            return self.recorded - before
            self._commit()
            self._tidy()
        except Overtaken:
            self._start_over()
        except Unavailable:
            self._nodes.clear()  # the next try makes sure that they are there
            raise
        return self.recorded - before

    def close(self) -> None:
        self._start_over()
        self._suspects.close()

    def _drained(self) -> bool:
        try:
            idle_steps = 0
            while idle_steps < 2 and not self._leaves_the_rest:  # one may be idle: a rival was faster
                idle_steps = 0 if self.step() else idle_steps + 1
        except Unavailable as error:
            log.warning("The database takes no records (%s).", error)
            return False
        return True

    @property
    def _leaves_the_rest(self) -> bool:
        """To its successor: where only the recorder is replaced, there is no end of what is written."""
        is_late = time.monotonic() > self._leave_at
        return is_late and any(life.is_being_written for life in self._lives.values())

    def _wait_for_database(self, error: Unavailable, pause: float) -> float:
        if pause == POLL_SECONDS:
            log.warning("The database takes no records (%s); the journal keeps them until it does.", error)
        return min(pause * 2, LONGEST_PAUSE_SECONDS)

    # Reading

    def _clear_cursors(self) -> None:
        if self._node is not None:
            self._store.clear_cursors(self._node, self._directory.names)
            self._node = None

    def _discover(self) -> None:
        unknown: dict[str, dict[str, Name]] = defaultdict(dict)
        for file_name, name in self._directory.names().items():
            if file_name not in self._known:
                unknown[name.life][file_name] = name
        for life_name, files in unknown.items():
            if life_name in self._lives:
                # Carry segments are read when a life is first seen; later ones are our own, or a rival's.
                self._open(
                    self._lives[life_name], {f: name for f, name in files.items() if not name.is_carry}
                )
            else:
                self._begin(life_name, files)

    def _begin(self, life_name: str, files: dict[str, Name]) -> None:
        life = self._lives[life_name] = Life(life_name, self._directory.path, self._memory)
        self._open(life, files)
        if not life.node or life.is_being_carried or self._directory.has_changed(life_name, files):
            self._end(life)
            return
        try:
            life.resume(self._store.cursors(files), self._store.recorded)
        except Unavailable:
            self._end(life)
            raise

    def _open(self, life: Life, files: dict[str, Name]) -> None:
        for file_name, name in files.items():
            segment = self._directory.open(file_name, name)
            if segment is not None:
                life.add(segment)
                self._known.add(file_name)

    def _end(self, life: Life) -> None:
        self._known.difference_update(segment.name for segment in (*life.segments.values(), *life.carries))
        life.close()
        del self._lives[life.name]

    def _start_over(self) -> None:
        for life in list(self._lives.values()):
            self._end(life)
        self._batch.drop()

    # Recording

    def _assemble(self, node: str, exchange: Exchange) -> Rows:
        if exchange.id in self._suspects.convicted:
            return next(self._instead(node, exchange, NOT_FOLDED))
        self._suspects.enter(exchange.id)
        try:
            return self._rows_of(node, exchange.id, exchange.pieces())
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in a Rust library is no Exception
            log.exception("Exchange %s could not be folded.", exchange.id.hex())
            return next(self._instead(node, exchange, repr(error)))
        finally:
            self._suspects.leave()

    def _rows_of(self, node: str, id: bytes, pieces: Iterable[Piece], fold_error: str = "") -> Rows:
        return assembly.assemble(
            id,
            node,
            pieces,
            self._max_body_bytes,
            fold_error=fold_error,
            prices=self._prices(),
            redactor_for=self._redactor_for,
        )

    def _instead(self, node: str, exchange: Exchange, reason: str) -> Iterator[Rows]:
        """What was said without what it means; if even that cannot be read or stored, that it took place."""
        for pieces in (exchange.pieces, tuple):
            try:
                rows = self._rows_of(node, exchange.id, pieces(), reason)
            except Exception:
                log.exception("Exchange %s could not be read.", exchange.id.hex())
            else:
                yield rows

    def _spare(self, refused: Rows, error: Exception) -> Iterator[Rows]:
        log.error("Record %s was refused by the database: %s", refused.record["id"], error)
        reason = f"The database refused the record: {error}"
        return self._instead(refused.node, self._batch.exchange_of(refused), reason)

    def _commit(self) -> None:
        if not self._batch:
            return
        for node in self._batch.nodes - self._nodes:
            self._store.register(node)
            self._nodes.add(node)
        moves = [move for life in self._lives.values() for move in life.moves()]
        seconds = self._store.write(self._batch.rows, moves, self._forgotten, self._spare)
        for life in self._lives.values():
            life.committed()
        self._settle(self._batch.rows)
        self._show(self._lives.values())
        self.recorded += len(self._batch)
        self._forgotten.clear()
        self._batch.adapt(seconds, self._store.longest_write_seconds)
        self._batch.settle()
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now < self._report_at:
            return
        self._report_at = now + self._report_seconds
        unread = sum(life.unread_bytes for life in self._lives.values())
        if unread > REPORTED_BYTES:
            self._report(f"{self.recorded} exchanges recorded, {unread >> 20} MB of the journal to go")

    # Tidying

    def _tidy(self) -> None:
        for life in list(self._lives.values()):
            self._let_go(life)
            old = life.carriable(time.monotonic() - self._carry_seconds, MOST_PINNED_SEGMENTS)
            if old:
                self._carry(life, old)
                self._let_go(life)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
            self._directory.sweep()

    def _carry(self, life: Life, old: list[Segment]) -> None:
        try:
            carry_over(life, old, self._directory.path, self._masters)
        except OSError as error:
            log.warning("Old segments stay for now, their open exchanges could not be copied (%s).", error)

    def _let_go(self, life: Life) -> None:
        if not (gone := life.disposable()):
            return
        self._store.settle()
        for segment in gone:
            self._directory.let_go(segment)
            self._known.discard(segment.name)
            if segment.recorded:
                self._forgotten.append(segment.name)
            life.drop(segment)
        if not life.segments and not life.carries:
            self._end(life)
