"""The other end of live.sock, in whatever process wants to know what goes on."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import orjson
from django.conf import settings

from logs_app.live.flights import FLIGHTS, Flights

PATIENCE_SECONDS = 1.0
# What is read of an answer at one look, escaped.
LONGEST_LINE = 4 << 20


class Away(Exception):
    """No recorder answers."""


def in_flight(patience_seconds: float = PATIENCE_SECONDS) -> Flights | None:
    """The exchanges of this machine that are not over; None while the recorder is away."""
    ends_at = time.monotonic() + patience_seconds
    try:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
            connection.settimeout(patience_seconds)
            connection.connect(str(settings.LIVE_SOCKET))
            connection.sendall(_wish(FLIGHTS))
            return Flights.from_json(orjson.loads(_line(connection, ends_at)))
    except (OSError, ValueError):
        return None


async def listen(want: str) -> AsyncIterator[dict[str, Any]]:
    """News until the recorder has no more. Raises Away when it is not there, or leaves."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(settings.LIVE_SOCKET), limit=LONGEST_LINE)
    except OSError as error:
        raise Away from error
    try:
        writer.write(_wish(want))
        while line := await reader.readline():
            news = orjson.loads(line)
            yield news
            if news.get("has_ended"):
                return
            writer.write(b"\n")
    except (OSError, ValueError) as error:
        raise Away from error
    finally:
        writer.close()
    raise Away


def _wish(want: str) -> bytes:
    return orjson.dumps({"want": want}) + b"\n"


def _line(connection: socket.socket, ends_at: float) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        connection.settimeout(max(ends_at - time.monotonic(), 0.001))
        received += connection.recv(1 << 20) or b"\n"
    return bytes(received)
