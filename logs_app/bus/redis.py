"""The bus on Redis Streams: who has what is known there, how far all is settled also in the database.

A stream holds numbers, not what was said: that stays in one place, under its terms of retention. Whatever
Redis loses is filled in again from the cursor in the database, and comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import transaction
from redis.exceptions import ResponseError

from accounts import redisclient
from logs_app.bus.bus import LEASE_SECONDS, Bus, Lot
from logs_app.bus.scripts import FILL, GROUP, PREFIX, SETTLE, TIDY
from logs_app.events import feed, subscriptions
from logs_app.events.subscriptions import Tally
from logs_app.models import SubscriberCursor

# What a stream holds at most: the rest waits in the feed.
ROOM = 10_000
PATIENCE_SECONDS = 5.0
# A process that has asked for nothing since is gone.
SILENT_MS = 24 * 3_600_000
# XCLAIM takes what was idle for so long; nobody was.
LONG_AGO_MS = 3_600_000


class RedisBus(Bus):
    def __init__(
        self, subscriber: str, owner: str, url: str, lease_seconds: float = LEASE_SECONDS, room: int = ROOM
    ) -> None:
        self._subscriber, self._owner = subscriber, owner
        self._lease_ms, self._room = int(lease_seconds * 1000), room
        self._redis: Any = redisclient.blocking(url, PATIENCE_SECONDS, decode_responses=True)
        scripts = map(self._redis.register_script, (FILL, SETTLE, TIDY))
        self._fill, self._settle, self._tidy = scripts
        self._using = feed.alias()
        self._nodes: list[str] = []

    def waiting(self) -> int:
        fresh = 0
        for node, filled in self._pump().items():
            fresh += max(filled - self._handed_out(node), 0)
        return fresh or int(any(self._abandoned(node, 1) for node in self._nodes))

    def take(self, most: int) -> Lot | None:
        self._pump()
        for node in self._nodes:
            lot = self._adopt(node, most) or self._next(node, most)
            if lot is not None:
                self._nodes = [*(each for each in self._nodes if each != node), node]  # in turns
                return lot
        return None

    def settle(self, lot: Lot, upto: int, tally: Tally) -> None:
        """A crash between the two brings the events again, or counts them less; never neither."""
        done = [_id(seq) for seq in lot.seqs if seq <= upto]
        settled = self._settle([self._stream(lot.node)], [GROUP, *done])
        with transaction.atomic(using=self._using):
            subscriptions.count(self._subscriber, tally)
            self._advance(lot.node, settled)
        lot.seqs = [seq for seq in lot.seqs if seq > upto]

    def keep(self, lot: Lot) -> None:
        self._claim(lot, idle=0)

    def release(self, lot: Lot) -> None:
        """Nobody died of it: it counts as not begun."""
        self._claim(lot, idle=LONG_AGO_MS, retrycount=lot.tries - 1)

    def close(self) -> None:
        self._redis.close()

    def _pump(self) -> dict[str, int]:
        """What the feed has more than the streams; how far each of them is filled."""
        newest, rows = feed.newest(), subscriptions.cursors(self._subscriber)
        filled = {
            node: self._fill([self._stream(node)], [GROUP, rows[node].seq, seq, self._room])
            for node, seq in newest.items()
        }
        for node in sorted(newest.keys() - set(self._nodes)):
            self._tidy([self._stream(node)], [GROUP, SILENT_MS])
            self._nodes.append(node)
        return filled

    def _adopt(self, node: str, most: int) -> Lot | None:
        abandoned = self._abandoned(node, most)
        if not abandoned:
            return None
        ids = [each["message_id"] for each in abandoned]
        taken = self._redis.xclaim(self._stream(node), GROUP, self._owner, self._lease_ms, ids)
        tries = 1 + max(each["times_delivered"] for each in abandoned)
        return self._lot(node, [id for id, _ in taken], tries)

    def _next(self, node: str, most: int) -> Lot | None:
        read = self._redis.xreadgroup(GROUP, self._owner, {self._stream(node): ">"}, count=most)
        return self._lot(node, [id for _, entries in read for id, _ in entries], 1)

    def _lot(self, node: str, ids: Sequence[str], tries: int) -> Lot | None:
        return Lot(node, [_seq(id) for id in ids], tries) if ids else None

    def _abandoned(self, node: str, most: int) -> list[Any]:
        found: list[Any] = self._redis.xpending_range(
            self._stream(node), GROUP, "-", "+", most, idle=self._lease_ms
        )
        return found

    def _handed_out(self, node: str) -> int:
        groups = self._redis.xinfo_groups(self._stream(node))
        return next((_seq(each["last-delivered-id"]) for each in groups if each["name"] == GROUP), 0)

    def _claim(self, lot: Lot, **options: int) -> None:
        ids = [_id(seq) for seq in lot.seqs]
        with suppress(
            ResponseError
        ):  # there is no such group any more: Redis lost it, and the lot comes again
            self._redis.xclaim(self._stream(lot.node), GROUP, self._owner, 0, ids, justid=True, **options)

    def _advance(self, node: str, settled: int) -> None:
        rows = SubscriberCursor.objects.using(self._using).filter(subscriber=self._subscriber, node=node)
        if settled < 0 or rows.filter(seq__lt=settled).update(seq=settled, claimed=settled) or rows.exists():
            return
        SubscriberCursor(subscriber=self._subscriber, node=node, seq=settled, claimed=settled).save(
            using=self._using, force_insert=True
        )

    def _stream(self, node: str) -> str:
        return f"{PREFIX}{self._subscriber}:{node}"


def _id(seq: int) -> str:
    return f"{seq}-0"


def _seq(id: str) -> int:
    return int(id.partition("-")[0])
