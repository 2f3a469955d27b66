"""JSON as the world sends it: orjson for speed, the standard library for what orjson refuses or rounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

# orjson turns an integer beyond 64 bits into a float without a word. Looking for 19 digits in this way
# takes a seventh of the time of a regular expression.
DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
LONG_NUMBER = b"0" * 19
DEEPEST = 1000  # as orjson, and as Python calls itself
TOO_DEEP = "JSON nested too deeply"


def loads(data: bytes) -> Any:
    """Raises ValueError, and nothing else. NaN, lone surrogates and bytes that are not UTF-8 are accepted."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _loads_leniently(data)


def loads_exactly(data: bytes) -> Any:
    """Like `loads`, and integers of any size keep all their digits."""
    return _loads_leniently(data) if LONG_NUMBER in data.translate(DIGITS_TO_ZERO) else loads(data)


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Without spaces. Raises TypeError or ValueError for what is no JSON; `default` may make some of it."""
    try:
        return orjson.dumps(value)
    except TypeError:  # lone surrogates, integers over 64 bits
        return json.dumps(value, separators=(",", ":"), default=default).encode()


def iso(moment: datetime, timespec: str = "auto") -> str:
    """A moment as JSON has it (RFC 3339), in UTC."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def glimpse(value: Any) -> str:
    """For a line that people read: `…` where dumps() would have to try harder."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # nested beyond reason, or half a surrogate
        return "…"


def is_too_deep(value: Any) -> bool:
    """From Python 3.12 on the standard library reads ten times as deep as anybody can walk through it."""
    level = [value]
    for _ in range(DEEPEST):
        level = [member for each in level for member in _members(each)]
        if not level:
            return False
    return True


def _loads_leniently(data: bytes) -> Any:
    try:
        found = json.loads(data.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if is_too_deep(found):
        raise ValueError(TOO_DEEP)
    return found


def _members(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()
