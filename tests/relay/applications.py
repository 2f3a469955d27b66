"""ASGI applications behind a real `relay.http.server.Server`: `python -m tests.relay.applications --fd N`.

The path chooses one, the query tunes it. What they see they note under the `id` of the query; GET /show-notes
tells it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import socket
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvloop

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

from relay import asgi  # noqa: E402, F401  (sets Django up)

# isort: split
from twisted.internet import reactor  # noqa: E402

from relay.http import tunnel  # noqa: E402
from relay.http.patience import Patience  # noqa: E402
from relay.http.server import Server  # noqa: E402

PART = b"0123456789abcdef" * 4096  # 64 KB

Scope = dict[str, Any]
notes: dict[str, dict[str, Any]] = defaultdict(dict)


async def ok(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, b"ok")


async def answer(send: Any, body: bytes, status: int = 200, headers: Any = ()) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def begin(send: Any, headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})


async def part(send: Any, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def echo(scope: Scope, receive: Any, send: Any) -> None:
    """Says what came: sizes of the messages and the digest of all."""
    await asyncio.sleep(float(query(scope).get("before", 0)))
    sizes, digest = [], hashlib.sha256()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            note(scope, was_left=True, sizes=sizes)
            return
        sizes.append(len(message["body"]))
        note(scope, received=sum(sizes))
        digest.update(message["body"])
        if not message["more_body"]:
            break
    await answer(send, json.dumps({"sizes": sizes, "sha256": digest.hexdigest()}).encode())


async def show(scope: Scope, receive: Any, send: Any) -> None:
    """The scope as JSON."""
    shown = {**scope, "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in scope["headers"]]}
    del shown["extensions"]
    shown |= {key: scope[key].decode("latin-1") for key in ("raw_path", "query_string")}
    await answer(send, json.dumps(shown).encode())


async def chunks(scope: Scope, receive: Any, send: Any) -> None:
    await begin(send)
    for number in range(int(query(scope)["n"])):
        await part(send, b"part %d\n" % number)
        await part(send, b"")
    await send({"type": "http.response.body"})


async def odd_headers(scope: Scope, receive: Any, send: Any) -> None:
    headers = [
        (b"X-MiXed", b"a, b"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"x-word", b"caf\xe9"),
    ]
    await answer(send, b"ok", headers=headers)


async def status(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, b"", int(query(scope)["code"]))


async def split_header(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, b"ok", headers=[(b"x-name", b"value\r\nset-cookie: stolen=1")])


async def closing(scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, b"ok", headers=[(b"connection", b"close")])


async def late(scope: Scope, receive: Any, send: Any) -> None:
    await asyncio.sleep(float(query(scope)["seconds"]))
    await answer(send, query(scope).get("say", "late").encode())


async def head_first(scope: Scope, receive: Any, send: Any) -> None:
    await begin(send, [(b"content-length", b"4")])
    await asyncio.sleep(float(query(scope)["seconds"]))
    await send({"type": "http.response.body", "body": b"late"})


async def endless(scope: Scope, receive: Any, send: Any) -> None:
    """Until the client leaves; notes how much the server has taken."""
    asyncio.create_task(cancel_on_leave(scope, receive, asyncio.current_task()))
    await begin(send)
    taken = 0
    try:
        while True:
            await part(send, PART)
            taken += len(PART)
            note(scope, taken=taken)
    finally:
        note(scope, ended=True)


async def long(scope: Scope, receive: Any, send: Any) -> None:
    await begin(send)
    for _ in range(int(query(scope)["parts"])):
        await part(send, PART)
    await send({"type": "http.response.body"})


async def heedless(scope: Scope, receive: Any, send: Any) -> None:
    """Never asks whether the client is there."""
    await begin(send)
    try:
        while True:
            await part(send, PART)
    except OSError:
        note(scope, error_of_send=True)
        raise


async def large(scope: Scope, receive: Any, send: Any) -> None:
    """One message, many megabytes."""
    await answer(send, PART * int(query(scope)["parts"]))


async def watch(scope: Scope, receive: Any, send: Any) -> None:
    """Answers nothing, waits for the client to leave."""
    note(scope, began=True)
    while (await receive())["type"] != "http.disconnect":
        pass
    note(scope, was_left=True)


async def deaf(scope: Scope, receive: Any, send: Any) -> None:
    """Takes nothing of its body, like a provider that hangs."""
    await scope["extensions"]["relay.left"]()
    note(scope, was_left=True)


async def stream(scope: Scope, receive: Any, send: Any) -> None:
    """An event each 20 ms until the client leaves."""
    asyncio.create_task(cancel_on_leave(scope, receive, asyncio.current_task()))
    await begin(send, [(b"content-type", b"text/event-stream")])
    number = 0
    while True:
        await part(send, b"data: %d\n\n" % number)
        await asyncio.sleep(0.02)
        number += 1


async def cancel_on_leave(scope: Scope, receive: Any, task: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    note(scope, was_left=True)
    task.cancel()


async def fail(scope: Scope, receive: Any, send: Any) -> None:
    wish = query(scope)
    if wish["when"] == "at once":
        raise RuntimeError("on purpose")
    length = [(b"content-length", b"100")] if "length" in wish else []
    await begin(send, length)
    if wish["when"] == "after a part":
        await part(send, b"half of it")
        await asyncio.sleep(0.05)
    raise RuntimeError("on purpose")


async def silent(scope: Scope, receive: Any, send: Any) -> None:
    """Forgets to answer, or to finish."""
    if "begun" in query(scope):
        await begin(send)
        await part(send, b"half of it")


async def wrong_length(scope: Scope, receive: Any, send: Any) -> None:
    await begin(send, [(b"content-length", b"10")])
    await send({"type": "http.response.body", "body": b"x" * int(query(scope)["sent"])})


async def stubborn(scope: Scope, receive: Any, send: Any) -> None:
    """Goes on after the client has left."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        note(scope, cancelled=True)
        raise


async def unauthorised(scope: Scope, receive: Any, send: Any) -> None:
    """Before any of the body is taken."""
    note(scope, began=True)
    await answer(send, b'{"error": "who are you"}', 401)


async def unauthorised_at_length(scope: Scope, receive: Any, send: Any) -> None:
    await begin(send)
    for _ in range(64):
        await part(send, PART)
    await send({"type": "http.response.body"})


async def drop(scope: Scope, receive: Any, send: Any) -> None:
    """Takes one message a tick, like a slow provider."""
    total = 0
    while True:
        message = await receive()
        total += len(message.get("body", b""))
        note(scope, received=total)
        if not message.get("more_body"):
            break
        await asyncio.sleep(float(query(scope)["pause"]))
    await answer(send, b"%d" % total)


async def both_ways(scope: Scope, receive: Any, send: Any) -> None:
    """Answers with each part as it comes."""
    await begin(send)
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await part(send, message.get("body", b""))
    await send({"type": "http.response.body"})


async def show_notes(scope: Scope, receive: Any, send: Any) -> None:
    state = {
        "calls": len(server.calls) - 1,
        "channels": len(server.channels) - 1,
        "connections": len(server.connections),
        "temporary_files": os.listdir(tempfile.gettempdir()),
        "notes": notes[query(scope).get("id", "")],
    }
    await answer(send, json.dumps(state).encode())


async def chat(scope: Scope, receive: Any, send: Any) -> None:
    """A websocket that says everything back, and closes with a reason when told to."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "as you wish"})
            return
        kept = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
        await send({"type": "websocket.send", **kept})
    note(scope, was_left=True)


APPLICATIONS = {
    "/" + each.__name__.replace("_", "-"): each
    for each in (
        ok, echo, show, chunks, odd_headers, status, split_header, closing, late, head_first, endless, long,
        heedless, large, watch, deaf, stream, fail, silent, wrong_length, stubborn, unauthorised,
        unauthorised_at_length, drop, both_ways, show_notes,
    )
}  # fmt: skip


async def application(scope: Scope, receive: Any, send: Any) -> None:
    chosen = chat if scope["type"] == "websocket" else APPLICATIONS.get(scope["path"], show)
    await chosen(scope, receive, send)


def query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode()))


def note(scope: Scope, **seen: Any) -> None:
    notes[query(scope).get("id", "")].update(seen)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--console", type=Path, help="hand websockets over to this Unix socket")
    parser.add_argument("--trusted", nargs="*", default=[], help="addresses of proxies")
    parser.add_argument("--patience", type=json.loads, default={})
    parser.add_argument("--close-timeout", type=float, default=10)
    options = parser.parse_args()
    server.patience = Patience(**options.patience)
    server.application_close_timeout = options.close_timeout
    if options.console:
        server.upgrade = tunnel.to_console(str(options.console), options.trusted)
    reactor.callWhenRunning(lambda: server.adopt(socket.socket(fileno=options.fd)))
    reactor.callWhenRunning(lambda: print("ready", flush=True))
    server.run()


server = Server(application, endpoints=["adopted"])
server.endpoints = []

if __name__ == "__main__":
    sys.modules["tests.relay.applications"] = sys.modules["__main__"]
    main()
