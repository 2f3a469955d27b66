"""The worker's side of the record: every step of an exchange is on disk before its bytes go out.

Failure policy: never break the client for a record. No method raises; `spool` says what a full disk costs.
Ids are 16-byte UUIDv7s, `offset_us` are microseconds since `opened`. What is in the meta objects is written
where they are read: in `transcript`.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from logs_app.journal import segments
from logs_app.journal.segments import ANSWERED, CLOSED, ENTRY, OPENED, PART, REJECTED, REQUEST_PART, SENT
from logs_app.journal.spool import Spool
from logs_app.jsontext import dumps

MAX_PART_BYTES = 1 << 20
META_LENGTH = struct.Struct("<I")

log = logging.getLogger(__name__)


class Journal:
    def __init__(
        self,
        directory: Path,
        node: str,
        keys: Iterable[str],
        *,
        fsync_ms: int,
        rotate_bytes: int = 64 << 20,
        rotate_seconds: float = 60,
    ) -> None:
        self._spool = Spool(
            Path(directory),
            node,
            segments.MasterKeys(keys),
            sync_seconds=fsync_ms / 1000,
            rotate_bytes=rotate_bytes,
            rotate_seconds=rotate_seconds,
        )
        self._append = self._spool.append
        self.dropped_bodies = 0  # exchanges of which bytes found no room
        self.refused_entries = 0  # what could not even be written down: a fault of the caller's
        self._dropped: dict[bytes, list[int]] = {}  # by exchange: bytes of request and of response

    @property
    def appended_bytes(self) -> int:
        return self._spool.appended_bytes

    @property
    def dropped_entries(self) -> int:
        return self._spool.dropped_entries

    @property
    def is_degraded(self) -> bool:
        return self._spool.is_failing

    def opened(self, id: bytes, meta: dict[str, Any], body: bytes) -> None:
        """Before the upstream call. `body` is the client's whole body, or empty when it follows in parts."""
        try:
            encoded = _encode(meta)
            head = ENTRY.pack(OPENED, id, 0) + META_LENGTH.pack(len(encoded)) + encoded
            if len(body) > MAX_PART_BYTES:
                self._append(head)
                self._append_parts(REQUEST_PART, id, 0, body)
            elif not body:
                self._append(head)
            elif not self._append(head + body, is_body=True):
                self._append(head)
                self._drop(id, 0, len(body))
        except Exception:
            self._refuse()

    def request_part(self, id: bytes, offset_us: int, data: bytes) -> None:
        try:
            self._append_parts(REQUEST_PART, id, offset_us, data)
        except Exception:
            self._refuse()

    def sent(self, id: bytes, offset_us: int, body: bytes) -> None:
        """What the provider is asked, where the edits of the request do not tell it."""
        try:
            self._append_parts(SENT, id, offset_us, body)
        except Exception:
            self._refuse()

    def answered(self, id: bytes, offset_us: int, meta: dict[str, Any]) -> None:
        try:
            self._append(ENTRY.pack(ANSWERED, id, offset_us) + _encode(meta))
        except Exception:
            self._refuse()

    def part(self, id: bytes, offset_us: int, data: bytes) -> None:
        """The provider's bytes, before they are sent."""
        try:
            if len(data) > MAX_PART_BYTES:
                self._append_parts(PART, id, offset_us, data)
            elif not self._append(ENTRY.pack(PART, id, offset_us) + data, is_body=True):
                self._drop(id, 1, len(data))
        except Exception:
            self._refuse()

    def closed(self, id: bytes, offset_us: int, meta: dict[str, Any]) -> None:
        try:
            if self._dropped and id in self._dropped:
                meta = meta | {"dropped": self._dropped.pop(id)}
            self._append(ENTRY.pack(CLOSED, id, offset_us) + _encode(meta))
        except Exception:
            self._refuse()

    def rejected(self, id: bytes, meta: dict[str, Any]) -> None:
        """A whole record in one entry: a known key that was refused, or bad input."""
        try:
            self._append(ENTRY.pack(REJECTED, id, 0) + _encode(meta))
        except Exception:
            self._refuse()

    def close(self) -> None:
        self._spool.close()

    def _append_parts(self, kind: int, id: bytes, offset_us: int, data: bytes) -> None:
        head = ENTRY.pack(kind, id, offset_us)
        for start in range(0, len(data), MAX_PART_BYTES):
            piece = data[start : start + MAX_PART_BYTES]
            if not self._append(head + piece, is_body=True):
                self._drop(id, int(kind == PART), len(piece))

    def _drop(self, id: bytes, side: int, size: int) -> None:
        """The record must say that bytes are missing: `closed` carries the count."""
        if id not in self._dropped:
            self.dropped_bodies += 1
            self._dropped[id] = [0, 0]
        self._dropped[id][side] += size

    def _refuse(self) -> None:
        self.refused_entries += 1
        if self.refused_entries.bit_count() == 1:  # 1, 2, 4, 8…: a fault in every call must not fill the log
            log.exception("The journal refused an entry (%d so far).", self.refused_entries)


def _encode(meta: dict[str, Any]) -> bytes:
    """Whatever is in it: it may be odd, but the record matters more."""
    return dumps(meta, default=repr)
