"""Answers in Redis, for all processes and machines; encrypted there, under names that tell nothing.

A key is a hash: of each answer one field with its label, which a purge reads, and one with the rest. What is
read by GET has a mark beside it, fetched together with the answers: those with another one are not true any
more (`Entry.mark`), and none is true without one, so that Redis may evict what it likes.

Failure policy: a Redis that is away or slow is a miss, never an error. It is then left alone for a second, so
that not every call waits for it, and that is said once. What a call changes in the meantime it never hears.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import Any

import orjson
from redis.exceptions import RedisError

from accounts import redisclient
from accounts.secrets.sealing import Seal

from . import entry as entries
from . import marks
from .entry import Entry
from .keys import Key
from .purge import Purge
from .store import MOST_VARIANTS, Counters, Found

TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 1.0
CONNECTIONS = 50
LABEL, BODY = b"l", b"b"  # what a field's name begins with
MARK = b"mark:"
PURPOSE = b"llm-relay cache"  # of the keys that seal them
# After the last answer that was put under it.
MARKED_SECONDS = 7 * 24 * 3600

log = logging.getLogger("relay.cache")


class RedisStore:
    def __init__(
        self,
        url: str,
        prefix: str,
        keys_newest_first: Iterable[str],
        counters: Counters | None = None,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self.counters = counters or Counters()
        self._redis = redisclient.pooled(url, TIMEOUT_SECONDS, CONNECTIONS)
        self._prefix = prefix.encode()
        self._seal = Seal(keys_newest_first, PURPOSE)
        self._pause_seconds = pause_seconds
        self._away_until = 0.0
        self.is_away = False

    async def find(self, key: Key) -> Found:
        name = self._name(key)
        if not key.resource:
            return Found(self._opened(name, await self._ask(lambda: self._redis.hgetall(name))))
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(name)
        pipe.get(self._mark(key.resource))
        fields, held = await self._ask(pipe.execute) or (None, None)
        mark = int(held) if held else marks.fresh()
        found = self._opened(name, fields)
        true = [entry for entry in found if entry.mark == mark]
        self.counters.invalidated += len(found) - len(true)
        return Found(true, mark)

    def _opened(self, name: bytes, fields: dict[bytes, bytes] | None) -> list[Entry]:
        found = []
        for field, sealed in (fields or {}).items():
            if not field.startswith(BODY):
                continue
            clear = self._seal.open(sealed, name + field)
            entry = entries.unpack(clear) if clear is not None else None
            if entry is not None:
                found.append(entry)
            else:
                self.counters.failures += 1
        return sorted(found, key=lambda entry: -entry.terms.received_at)

    async def put(self, key: Key, entry: Entry) -> None:
        seconds = int(entry.kept_until - time.time())
        if seconds <= 0:
            return
        name, variant = self._name(key), _variant(entry)
        label = orjson.dumps(list(entry.label))
        pipe = self._redis.pipeline(transaction=True)
        if key.resource:
            pipe.set(self._mark(key.resource), entry.mark, nx=True)
            pipe.expire(self._mark(key.resource), MARKED_SECONDS)
        pipe.hset(name, BODY + variant, self._seal.close(entries.pack(entry), name + BODY + variant))
        pipe.hset(name, LABEL + variant, self._seal.close(label, name + LABEL + variant))
        pipe.expire(name, seconds)
        pipe.hlen(name)
        result = await self._ask(pipe.execute)
        if result and result[-1] > 2 * MOST_VARIANTS:
            await self._ask(lambda: self._redis.unlink(name))

    def forget(self, purge: Purge) -> int:
        """Nothing is held here; `sweeping` deletes in Redis."""
        return 0

    async def invalidate(self, resources: Collection[str]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for resource in resources:
            pipe.set(self._mark(resource), marks.fresh(), ex=MARKED_SECONDS)
        await self._ask(pipe.execute)

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _ask(self, question: Any) -> Any:
        if self.is_away and time.monotonic() < self._away_until:
            return None
        try:
            answer = await question()
        except (RedisError, OSError) as error:
            self.counters.failures += 1
            self._away_until = time.monotonic() + self._pause_seconds
            if not self.is_away:
                self.is_away = True
                log.warning("The cache in Redis does not answer (%s): calls go on without it.", error)
            return None
        if self.is_away:
            self.is_away = False
            log.info("The cache in Redis answers again.")
        return answer

    def _name(self, key: Key) -> bytes:
        return self._prefix + key.digest.encode()

    def _mark(self, resource: str) -> bytes:
        return self._prefix + MARK + resource.encode()


def _variant(entry: Entry) -> bytes:
    return blake2b(repr(entry.selector).encode(), digest_size=8).hexdigest().encode()
