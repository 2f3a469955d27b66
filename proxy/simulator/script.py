"""The behaviour a request asks for: `[[sim key=value …]]` in its body or query, or an `x-simulate` header.

The words are documented in docs/simulator.md; a word that is not known is an error, so that a
misspelled fault never passes for a tested one.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

MARKER = re.compile(rb"\[\[sim(?:\s+([^\]]*))?\]\]")
MARKER_TEXT = re.compile(r"\[\[sim[^\]]*\]\]\s?")


class BadScript(ValueError):
    pass


class Stall(NamedTuple):
    at: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Script:
    # what is answered
    chunks: int | None = None
    text: str | None = None
    reasoning: int | None = None
    tool_calls: int | None = None
    finish: str | None = None
    refusal: bool = False
    big_event: int | None = None
    size: int | None = None
    # when
    delay: float | None = None
    ttft: float | None = None
    stall: Stall | None = None
    # how it is written
    split: int | None = None
    crlf: bool = False
    comments: bool = False
    no_done: bool = False
    encoding: str | None = None
    close: bool = False
    no_length: bool = False
    # what goes wrong
    status: int | None = None
    code: str | None = None
    message: str | None = None
    html: bool = False
    retry_after: str | None = None
    retry_after_ms: str | None = None
    unknown_usage_option: int | None = None
    reset: str | None = None
    hang: str | None = None
    cut: int | None = None
    eof: int | None = None
    malformed: int | None = None
    error_event: int | None = None
    # for whom
    times: int | None = None
    skip: int | None = None
    only: str | None = None
    id: str | None = None

    @property
    def is_plain(self) -> bool:
        """Nothing asks for more than one write of one ordinary answer."""
        return all(getattr(self, name) == default for name, default in PLAYED)


def parse_flag(value: str) -> bool:
    return value not in ("0", "false", "no")


def parse_stall(value: str) -> Stall:
    at, _, seconds = value.partition(":")
    return Stall(int(at), float(seconds))


def parse_base64(value: str) -> str:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()


def one_of(*words: str, number: bool = False) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value in words or (number and value.isdigit()):
            return value
        raise ValueError(value)

    return parse


WORDS: dict[str, Callable[[str], Any]] = {
    "chunks": int,
    "text": parse_base64,
    "reasoning": int,
    "tool_calls": int,
    "finish": str,
    "refusal": parse_flag,
    "big_event": int,
    "size": int,
    "delay": float,
    "ttft": float,
    "stall": parse_stall,
    "split": int,
    "crlf": parse_flag,
    "comments": parse_flag,
    "no_done": parse_flag,
    "encoding": one_of("gzip", "deflate", "zstd"),
    "close": parse_flag,
    "no_length": parse_flag,
    "status": int,
    "code": str,
    "message": parse_base64,
    "html": parse_flag,
    "retry_after": str,
    "retry_after_ms": str,
    "unknown_usage_option": int,
    "reset": one_of("before", "headers", "middle", number=True),
    "hang": one_of("before", "headers", number=True),
    "cut": int,
    "eof": int,
    "malformed": int,
    "error_event": int,
    "times": int,
    "skip": int,
    "only": str,
    "id": str,
}

PLAYED = [
    (field.name, field.default)
    for field in fields(Script)
    if field.name
    in {"size", "delay", "ttft", "stall", "split", "encoding", "no_length", "reset", "hang", "cut", "eof"}
    | {"malformed", "error_event"}
]

NOTHING = Script()


def find(content: bytes) -> str | None:
    """The words of the last marker: in a conversation the newest message decides."""
    start = content.rfind(b"[[sim")
    if start < 0:
        return None
    marker = MARKER.match(content, start)
    return (marker[1] or b"").decode("latin-1") if marker else None


@functools.lru_cache(maxsize=1024)
def parse(words: str) -> Script:
    values: dict[str, Any] = {}
    for word in words.split():
        key, _, value = word.partition("=")
        if key not in WORDS:
            raise BadScript(f"unknown word {key!r} in the simulator's script")
        try:
            values[key] = WORDS[key](value)
        except ValueError:
            raise BadScript(f"bad value {value!r} for {key!r} in the simulator's script") from None
    return Script(**values)


def without_marker(text: str) -> str:
    """The text as its writer meant it: without markers."""
    return MARKER_TEXT.sub("", text) if "[[sim" in text else text
