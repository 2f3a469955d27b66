"""Server-sent events on their way to the client: whole events, and the few edits we make.

With `renaming`, which it uses, the one place that may change a response. It forwards whole events at once
and holds an incomplete tail of up to 64 KB, which is dropped when the provider is cut, so that a client never
sees half an event.
Framing per WHATWG HTML, section 9.2: lines end in LF, CRLF or CR, a blank line ends an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from logs_app.folding import choices

from .renaming import Renamer, Renaming, renamed

HELD_BYTES = 64 * 1024

# A CR at the very end may be half a CRLF, unless the line before it ended in a bare CR too.
_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?=[^\n]))|\r\r\Z")
# Longest part of a blank line that can stand at the end of one part and be completed by the next.
_BLANK_LINE_START_BYTES = 3
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_SEQUENCE = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


class Dialect(NamedTuple):
    """How streams of a protocol end. Model output cannot forge it: JSON escapes its newlines and quotes."""

    mark: bytes  # stands in the events of everyone who speaks it
    signs: tuple[bytes, ...]  # one of these stands in the last event (looked for first, being cheap)
    end: re.Pattern[bytes]  # the protocol's own last event, or an error event
    finish: re.Pattern[bytes] | None = None  # after it a clean end is whole, although no last event came


CHAT = Dialect(
    b'"choices"',
    (b"[DONE]", b"error"),
    re.compile(rb'^data: ?\[DONE\]|^event: ?error|"error"\s*:\s*[{"]', re.MULTILINE),
    re.compile(rb'"finish_reason"\s*:\s*"'),
)
RESPONSES = Dialect(
    b'"response.',
    (b".completed", b".incomplete", b".failed", b".cancelled", b"error", b"[DONE]"),
    re.compile(
        rb'"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed|cancelled)|error)"'
        rb'|^data: ?(?:\[DONE\]|\{\s*"error"\s*:)|^event: ?error',
        re.MULTILINE,
    ),
)
MESSAGES = Dialect(
    b'"message_start"',
    (b"message_stop", b"error"),
    re.compile(rb'"type"\s*:\s*"(?:message_stop|error)"|^event: ?error', re.MULTILINE),
)


def dialect_of(path: str) -> Dialect | None:
    """None for streams whose end nobody can tell: images, speech, transcriptions."""
    if path.startswith("/v1/responses"):
        return RESPONSES
    if path.startswith("/v1/messages"):
        return MESSAGES
    if path.startswith(("/v1/chat/completions", "/v1/completions")):
        return CHAT
    return None


class Framer:
    """Feed it the provider's bytes, forward what it returns."""

    def __init__(self, path: str, *, hide_usage: bool = False, renaming: Renaming | None = None) -> None:
        self.hid_usage = self.has_renamed = False
        self.is_terminated = False  # the protocol's own last event, or an error event, went by
        self._dialect = dialect_of(path)
        self._hide_usage = hide_usage
        self._renaming = renaming
        self._held = bytearray()
        self._is_finished = False
        self._is_spoken: bool | None = None  # the dialect; None before the first event
        self._big_event: bytes | None = None  # the start of one that is too big to hold
        self._big_event_end = b""  # its newest bytes
        self._big_renamer: Renamer | None = None
        self._numbered = b""

    def feed(self, data: bytes) -> bytes:
        """The whole events in what has come so far; b"" when there is none yet."""
        if self._big_event is not None:
            return self._continue_big_event(data)
        if self._held:
            return self._complete(data)
        cut = _last_boundary(data)
        if cut < len(data):
            self._held += data[cut:]
            data = data[:cut]
        return self._inspect(data) + self._let_go() if data else self._let_go()

    def finish(self) -> bytes:
        """The rest, when the provider ended cleanly (some send no final blank line)."""
        if self._big_event is not None:
            self._note(self._big_event)
        rest = bytes(self._held)
        self._held.clear()
        if self._big_renamer is not None:
            return self._big_renamer.finish()
        return self._inspect(rest) if rest else b""

    @property
    def is_whole(self) -> bool:
        """Whether a clean end of the body at this point is an end of the answer too."""
        if self._dialect is None or self.is_terminated or self._is_finished:
            return True
        return self._is_spoken is False  # a language of their own: nobody can tell

    @property
    def is_between_events(self) -> bool:
        """Whether the client has only seen whole events, so that one of ours can follow."""
        return self._big_event is None

    @property
    def next_sequence_number(self) -> int:
        found = _SEQUENCE.findall(self._numbered)
        return int(found[-1]) + 1 if found else 0

    def _complete(self, data: bytes) -> bytes:
        """A boundary can only be new where the held tail and the new part meet, or in the new part."""
        held = self._held
        seen = max(0, len(held) - _BLANK_LINE_START_BYTES)
        held += data
        cut = seen + _last_boundary(bytes(held[seen:]))
        if cut == seen:
            return self._let_go()
        whole = bytes(held[:cut])
        del held[:cut]
        return self._inspect(whole) + self._let_go()

    def _let_go(self) -> bytes:
        """Of the held tail, what holding would only delay."""
        held = self._held
        if not held or len(held) <= HELD_BYTES and held.strip(b"\r\n"):
            return b""
        data = bytes(held)
        held.clear()
        if len(data) > HELD_BYTES:
            self._big_event = data
            self._big_event_end = data[-_BLANK_LINE_START_BYTES:]
            if self._renaming is not None:
                self._big_renamer = Renamer(self._renaming)
                return self._big_renamer.feed(data)
        return data

    def _continue_big_event(self, data: bytes) -> bytes:
        joined = self._big_event_end + data
        boundary = _BLANK_LINE.search(joined)
        if boundary is None:
            self._big_event_end = joined[-_BLANK_LINE_START_BYTES:]
            return self._big_renamer.feed(data) if self._big_renamer else data
        end = boundary.end() - len(self._big_event_end)
        last = self._end_big_event(data[:end])
        return last + self.feed(data[end:]) if end < len(data) else last

    def _end_big_event(self, data: bytes) -> bytes:
        """With its last bytes; only now it counts: cut in its middle, even the last event would be half."""
        if self._big_event is not None:
            self._note(self._big_event)
            self._big_event, self._big_event_end = None, b""
        renamer, self._big_renamer = self._big_renamer, None
        if renamer is None:
            return data
        data = renamer.feed(data) + renamer.finish()
        self.has_renamed |= renamer.has_renamed
        return data

    def _inspect(self, block: bytes) -> bytes:
        self._note(block)
        if self._hide_usage and _NO_CHOICES.search(block):
            block = self._without_usage(block)
        return block if self._renaming is None else self._rename(block, self._renaming)

    def _note(self, block: bytes) -> None:
        """What these events say about the state of the stream."""
        dialect = self._dialect
        if dialect is None or self.is_terminated:
            return
        if not self._is_spoken and b"data" in block:
            self._is_spoken = dialect.mark in block
        if dialect is RESPONSES and b'"sequence_number"' in block:
            self._numbered = block
        if any(sign in block for sign in dialect.signs) and dialect.end.search(block):
            self.is_terminated = True
        if dialect.finish is not None and not self._is_finished:
            self._is_finished = dialect.finish.search(block) is not None

    def _rename(self, block: bytes, renaming: Renaming) -> bytes:
        if b'"model"' not in block:
            return block
        changed = b"".join(renamed(event, renaming) for event in _events(block))
        self.has_renamed |= changed != block
        return changed

    def _without_usage(self, block: bytes) -> bytes:
        kept = []
        for event in _events(block):
            if _NO_CHOICES.search(event) and choices.is_usage_only(event):
                self.hid_usage = True
            else:
                kept.append(event)
        return b"".join(kept)


def _events(block: bytes) -> Iterator[bytes]:
    start = 0
    for boundary in _BLANK_LINE.finditer(block):
        yield block[start : boundary.end()]
        start = boundary.end()
    yield block[start:]


def _last_boundary(data: bytes) -> int:
    """Where the last whole event ends; 0 when none is whole."""
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
    end = 0
    for boundary in _BLANK_LINE.finditer(data):
        end = boundary.end()
    return end
