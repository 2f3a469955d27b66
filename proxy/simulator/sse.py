"""Server-sent events as bytes (WHATWG HTML, 9.2)."""

from __future__ import annotations

from proxy.simulator.replies import Event
from proxy.simulator.script import Script


def write(event: Event) -> bytes:
    if event.name:
        return b"event: %b\ndata: %b\n\n" % (event.name, event.data)
    return b"data: %b\n\n" % event.data


def write_oddly(event: Event, script: Script) -> bytes:
    """The same event in the framing some vendors use: comments between events, CRLF line ends."""
    text = write(event)
    if script.comments:
        text = b": keep-alive\n\n" + text
    return text.replace(b"\n", b"\r\n") if script.crlf else text
