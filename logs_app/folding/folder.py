"""The bytes of one answer, decided, decoded and merged as they come."""

from __future__ import annotations

from typing import Any

import orjson

from logs_app.jsontext import loads

from . import facts, plain, streams
from .folded import Folded
from .plain import Plain
from .sse import DONE, Decoder, Event
from .streams import Stream

KEPT_HEAD_BYTES = 4096


class Folder:
    __slots__ = (
        "_chunks",
        "_content_type",
        "_decoder",
        "_folded",
        "_head",
        "_is_streaming",
        "_kind",
        "_parse_errors",
        "_path",
        "_plain",
        "_status",
        "_stopped",
        "_stream",
    )

    def __init__(self, path: str, status: int, content_type: str, is_streaming: bool) -> None:
        self._path = path
        self._status = status
        self._content_type = content_type
        self._is_streaming = is_streaming
        self._head = b""
        self._plain: Plain | None = None
        self._decoder: Decoder | None = None
        self._stream: Stream | None = None
        self._kind = "text"
        self._stopped = False
        self._chunks = 0
        self._parse_errors = 0
        self._folded: Folded | None = None

    @property
    def saw_token(self) -> bool:
        """A stream has said something: visible or reasoning text, a piece of a tool call, a refusal."""
        return self._stream is not None and self._stream.saw_token

    @property
    def body_so_far(self) -> Any:
        """What a stream has come to; None before its first event, and of all that is no stream."""
        return self._stream.body() if self._stream is not None else None

    def feed(self, data: bytes) -> None:
        if self._decoder is not None:
            if not self._stopped:
                self._take(self._decoder.feed(data))
        elif self._plain is not None:
            self._plain.add(data)
        else:
            self._decide(self._head + data)

    def finish(self) -> Folded:
        if self._folded is None:
            try:
                self._folded = self._finish()
            except Exception:  # a record without its object is better than no record
                self._folded = Folded("text", chunks=self._chunks, parse_errors=self._parse_errors + 1)
        return self._folded

    def _decide(self, head: bytes) -> None:
        shape = plain.shape(head, self._content_type, self._is_streaming)
        if shape is None:
            # DeepSeek keeps a connection alive with empty lines before the JSON, for minutes.
            self._head = head if len(head) < KEPT_HEAD_BYTES else b""
        elif shape == "sse":
            self._decoder = Decoder()
            self._take(self._decoder.feed(head))
        else:
            self._plain = Plain(shape)
            self._plain.add(head)

    def _take(self, events: list[Event]) -> None:
        for name, payload in events:
            if payload.startswith(DONE):
                self._close()
                return
            try:
                data = orjson.loads(payload)
            except orjson.JSONDecodeError:
                data = self._parse(payload)
            if type(data) is dict:
                self._add(name, data)

    def _parse(self, payload: bytes) -> Any:
        try:
            return loads(payload)
        except ValueError:
            self._parse_errors += 1
            return None

    def _add(self, name: str, data: dict[str, Any]) -> None:
        self._chunks += 1
        try:
            if self._stream is None:
                self._kind, self._stream = streams.choose(name, data, self._path)
            self._stream.add(name, data)
        except Exception:  # an event of an impossible shape: the others still count
            self._parse_errors += 1

    def _close(self) -> None:
        self._stopped = True
        if self._stream is None:
            self._kind, self._stream = streams.by_path(self._path)
        self._stream.close()

    def _flush(self, decoder: Decoder) -> None:
        """The last event has no blank line: it counts when it is whole, else the stream was cut inside it."""
        event = None if self._stopped else decoder.flush()
        if event is None:
            return
        errors = self._parse_errors
        self._take([event])
        self._parse_errors = errors

    def _finish(self) -> Folded:
        if self._decoder is not None:
            return self._finish_stream(self._decoder)
        if self._plain is not None:
            return self._plain.folded(self._path)
        if self._head.strip():  # cut within the first word of a stream
            return Folded("text", text=self._head.decode("utf-8", "replace"))
        return Folded("empty", done=not self._is_streaming or self._status >= 400)

    def _finish_stream(self, decoder: Decoder) -> Folded:
        self._flush(decoder)
        if self._stream is None:
            self._kind, self._stream = streams.by_path(self._path)
        body = self._stream.body()
        return Folded(
            self._kind,
            body,
            done=self._stream.done,
            error=self._stream.error,
            chunks=self._chunks,
            parse_errors=self._parse_errors,
            saw_token=self._stream.saw_token,
            gaps=self._stream.gaps,
            **facts.about(self._kind, body),
        )
