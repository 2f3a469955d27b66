"""The model's name in an answer, turned back into the one the client asked for.

A mapping or a prefix may have changed the name on the way out. Where the answer carries exactly the name we
sent, the bytes of that one value are replaced; nothing is parsed, and no other byte moves. The value stands
at the top of the object (chat, completions, embeddings, messages, responses), or in an event's `response`
or `message`. A text can hold no such member: in JSON its quotes are escaped.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COLON = rb"[ \t\r\n]*+:[ \t\r\n]*+"
# From a quote on.
_TOKEN = re.compile(
    rb'"model"%b(?P<model>%b)|(?P<inner>"(?:response|message)"%b\{)|%b|(?P<unfinished>")'
    % (_COLON, _STRING, _COLON, _STRING),
    re.DOTALL,
)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_MARK = b'"model"'
_NOTHING = {b":", b",", b": ", b", "}
# Of an escaped name and the spaces around it; a longer one stays as it is.
_WIDEST_ESCAPE, _SLACK_BYTES = 6, 64


class Renaming(NamedTuple):
    sent: str
    asked: str


def renamed(text: bytes, renaming: Renaming) -> bytes:
    """A whole JSON text, or the event that holds it."""
    if _MARK not in text:
        return text
    renamer = Renamer(renaming)
    return renamer.feed(text) + renamer.finish()


class Renamer:
    """One JSON text in parts: feed them, forward what it returns. It holds back a few hundred bytes."""

    def __init__(self, renaming: Renaming) -> None:
        self.has_renamed = False
        self._renaming = renaming
        self._window = _WIDEST_ESCAPE * len(renaming.sent.encode()) + _SLACK_BYTES
        self._held = b""
        self._depth = 0
        self._is_inner = False  # inside an event's `response` or `message`
        self._is_in_string = self._is_escaped = False

    def feed(self, data: bytes) -> bytes:
        if self.has_renamed:
            return data
        end = self._leave_string(data) if self._is_in_string else 0
        if self._is_in_string:
            return data
        return data[:end] + self._scan(self._held + data[end:], self._window)

    def finish(self) -> bytes:
        return self._scan(self._held, 0) if self._held else b""

    def _scan(self, data: bytes, window: int) -> bytes:
        """What begins in the last `window` bytes may go on in the next part, and is held until then."""
        self._held = b""
        position, end = 0, len(data) - window
        while (start := data.find(b'"', position)) >= 0:
            self._follow(data[position:start])
            if start > end:
                self._held = data[start:]
                return data[:start]
            token = _TOKEN.match(data, start)
            assert token is not None
            if token["unfinished"]:
                self._enter_string(data[start + 1 :])
                return data
            if token["model"] and self._is_wanted(token["model"]):
                self.has_renamed = True
                return (
                    data[: token.start("model")] + _quoted(self._renaming.asked) + data[token.end("model") :]
                )
            position = token.end()
            if token["inner"]:
                self._depth += 1
                self._is_inner |= self._depth == 2
        self._follow(data[position:])
        return data

    def _follow(self, between: bytes) -> None:
        """What stands between two strings: of that only the brackets count."""
        if between not in _NOTHING:
            opened = between.count(b"{") + between.count(b"[")
            self._depth += opened - between.count(b"}") - between.count(b"]")
            if self._depth <= 1:
                self._is_inner = False

    def _is_wanted(self, value: bytes) -> bool:
        if self._depth != 1 and not (self._depth == 2 and self._is_inner):
            return False
        if b"\\" not in value:
            return value[1:-1] == self._renaming.sent.encode()
        try:
            return bool(json.loads(value) == self._renaming.sent)
        except ValueError:
            return False

    def _enter_string(self, begun: bytes) -> None:
        self._is_in_string = True
        self._is_escaped = _ends_escaping(begun)

    def _leave_string(self, data: bytes) -> int:
        """Where the string ends that began in an earlier part; beyond `data` when it goes on."""
        start = 1 if self._is_escaped else 0
        if found := _STRING_REST.match(data, start):
            self._is_in_string = self._is_escaped = False
            return found.end()
        if data:
            self._is_escaped = _ends_escaping(data[start:])
        return len(data)


def _ends_escaping(text: bytes) -> bool:
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


def _quoted(name: str) -> bytes:
    return json.dumps(name, ensure_ascii=False).encode()
