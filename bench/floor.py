"""A Daphne that only says "ok", under the same event loop as the relay: what Daphne itself costs.

`python -m bench.floor PORT`
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvloop

# Daphne makes its event loop when it is imported.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
from daphne.server import Server  # noqa: E402

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"ok"}


async def say_ok(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send(START | {"headers": headers})
    await send(BODY)


if __name__ == "__main__":
    Server(say_ok, endpoints=[f"tcp:port={int(sys.argv[1])}:interface=127.0.0.1"]).run()
