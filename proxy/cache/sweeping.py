"""Redis as console and commands see it: what to delete there, and how much lies there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import orjson

from accounts import redisclient
from accounts.secrets.sealing import Seal

from .entry import Label
from .purge import Purge
from .redis import BODY, LABEL, PURPOSE

SCAN_COUNT = 2048
_AT_ONCE = 200
TIMEOUT_SECONDS = 5.0


class Sweeper:
    """Raises RedisError where Redis is away: whoever purges must know that nothing was."""

    def __init__(self, url: str, prefix: str, keys_newest_first: Iterable[str]) -> None:
        self._redis = redisclient.blocking(url, TIMEOUT_SECONDS)
        self._prefix = prefix
        self._seal = Seal(keys_newest_first, PURPOSE)

    def purge(self, purge: Purge) -> int:
        """The number of answers. What cannot be read any more goes with everything, and only then."""
        deleted = 0
        for names in self._portions():
            for name, fields in zip(names, self._labels(names), strict=True):
                gone = [field for field, sealed in fields.items() if self._fits(purge, name, field, sealed)]
                if gone:
                    self._redis.hdel(name, *gone, *(BODY + field[1:] for field in gone))
                    deleted += len(gone)
        return deleted

    def count(self) -> int:
        return sum(sum(map(len, self._labels(names))) for names in self._portions())

    def close(self) -> None:
        self._redis.close()

    def _portions(self) -> Iterator[list[bytes]]:
        pattern = "".join(f"[{c}]" if c in "*?[" else c for c in self._prefix) + "*"
        names = iter(self._redis.scan_iter(match=pattern, count=SCAN_COUNT, _type="hash"))
        while portion := list(islice(names, _AT_ONCE)):
            yield portion

    def _labels(self, names: list[bytes]) -> list[dict[bytes, bytes]]:
        """Of each its fields with labels, and not the answers beside them."""
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hkeys(name)
        fields = [[field for field in all_ if field.startswith(LABEL)] for all_ in pipe.execute()]
        for name, wanted in zip(names, fields, strict=True):
            pipe.hmget(name, wanted or [LABEL])
        values = pipe.execute()
        return [
            {field: sealed for field, sealed in zip(wanted, found, strict=False) if sealed is not None}
            for wanted, found in zip(fields, values, strict=True)
        ]

    def _fits(self, purge: Purge, name: bytes, field: bytes, sealed: bytes) -> bool:
        clear = self._seal.open(sealed, name + field)
        if clear is None:
            return not purge.criteria
        return purge.fits(Label.of(orjson.loads(clear)))
