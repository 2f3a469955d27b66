"""Values from outside made fit for columns.

PostgreSQL refuses NUL, lone surrogates, and what is too long or too large.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from logs_app.jsontext import dumps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 2**31 - 1
_REFUSED_IN_JSON = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")


def text(value: Any, limit: int | None = None) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        value = str(value)
    value = value[:limit]
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def json_text(value: Any) -> str:
    encoded = dumps(value, default=str).decode()
    return _REFUSED_IN_JSON.sub(r"\\ufffd", encoded) if "\\u" in encoded else encoded


def count(value: Any) -> int | None:
    """Nonsense (negative, a float, a string) is None; too much is the most that fits."""
    if type(value) is not int or value < 0:
        return None
    return min(value, LARGEST_COUNT)


def status(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 999 else None


def uuid_hex(value: Any) -> str | None:
    """As ids are written into both databases; nonsense is None."""
    try:
        return UUID(value).hex if type(value) is str else None
    except ValueError:
        return None


def milliseconds(us: Any) -> float | None:
    return us / 1000 if type(us) is int else None


def moment(epoch_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=epoch_us)
