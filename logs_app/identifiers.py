"""One id for an exchange: record key, x-relay-request-id, event id. UUIDv7 (RFC 9562, section 5.7): it begins
with the moment of the call."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 80  # below the milliseconds
_LARGEST_MS = (1 << 48) - 1


def uuid7() -> bytes:
    """16 bytes that sort by time: 48 bits of milliseconds, 12 of the fraction, 62 random."""
    now_us = time.time_ns() // 1000
    milliseconds, rest_us = divmod(now_us, 1000)
    head = milliseconds << 16 | 0x7000 | rest_us << 2
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return head.to_bytes(8) + tail.to_bytes(8)


def as_text(identifier: bytes) -> str:
    text = identifier.hex()  # a third of the time that uuid.UUID takes, and every call needs it
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milliseconds_of(identifier: UUID) -> int:
    """When it was made, since 1970."""
    return identifier.int >> _RANDOM_BITS


def first_id(moment: datetime) -> UUID:
    """No record from this millisecond on has a smaller id."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=min(max(milliseconds, 0), _LARGEST_MS) << _RANDOM_BITS)
