"""Server-sent events, decoded incrementally: bytes in, (event name, data) pairs out.

WHATWG framing: lines end with LF, CR or CRLF, wherever the chunks were cut; comments and unknown fields are
dropped; several `data` lines are joined with a newline; an event without data is no event. Every byte is
touched a constant number of times, so one 5 MB event costs what 5 MB of small ones cost.
"""

from __future__ import annotations

BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"  # the data of OpenAI's last event

Event = tuple[str, bytes]


def events(raw: bytes) -> list[Event]:
    """All of them; the last one may lack its blank line."""
    decoder = Decoder()
    found, last = decoder.feed(raw), decoder.flush()
    return [*found, last] if last else found


class Decoder:
    __slots__ = ("_after_cr", "_at_start", "_data", "_event", "_tail")

    def __init__(self) -> None:
        self._tail: list[bytes] = []  # pieces of the line that has no terminator yet
        self._data: list[bytes] = []
        self._event = b""
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[Event]:
        if self._after_cr and data:
            # CR ended the last chunk: the LF of a split CRLF is no second line.
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not end:
            if data:
                self._tail.append(data)
            return []
        self._after_cr = end == len(data) and data.endswith(b"\r")
        return self._read_lines(self._take_complete(data, end))

    def flush(self) -> Event | None:
        """The event that the end of the stream left without its blank line, if there is one."""
        if self._tail:
            rest = b"".join(self._tail)
            self._tail = []
            self._read_lines([self._without_bom(rest)])
        return self._pop()

    def _take_complete(self, data: bytes, end: int) -> list[bytes]:
        complete = data if end == len(data) else data[:end]
        if self._tail:
            self._tail.append(complete)
            complete = b"".join(self._tail)
        self._tail = [data[end:]] if end < len(data) else []
        return self._without_bom(complete).splitlines()

    def _without_bom(self, text: bytes) -> bytes:
        if not self._at_start:
            return text
        self._at_start = False
        return text.removeprefix(BOM)

    def _read_lines(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        data = self._data
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif line:
                self._read_field(line)
            else:
                event = self._pop()
                data = self._data
                if event is not None:
                    events.append(event)
        return events

    def _read_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"event":
            self._event = value.removeprefix(b" ")
        elif name == b"data":  # a bare "data" without colon: one empty line
            self._data.append(b"")

    def _pop(self) -> Event | None:
        data = self._data
        name = self._event.decode("utf-8", "replace") if self._event else ""
        self._event = b""
        if not data:
            return None
        self._data = []
        payload = data[0] if len(data) == 1 else b"\n".join(data)
        return (name, payload) if payload else None
