"""One client connection: reads requests, answers them in order, notices when the client leaves."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from proxy.simulator import errors, received
from proxy.simulator.calls import Call
from proxy.simulator.player import Outlet, Player
from proxy.simulator.received import Received
from proxy.simulator.replies import Answer, render_head
from proxy.simulator.wire import BadRequest, Head, Request, RequestParser

if TYPE_CHECKING:
    from proxy.simulator.server import Simulator

# Requests sent ahead wait in memory up to this much; then the client has to wait.
READ_AHEAD_BYTES = 256 * 1024


class Connection(asyncio.Protocol):
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.stats = simulator.stats
        self.parser = RequestParser()
        self.playing: asyncio.Task[None] | None = None
        self._receiving: Received | None = None
        self._known_head: Head | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.outlet = Outlet(self.transport)
        self.simulator.connections.add(self)
        self.stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.simulator.connections.discard(self)
        self.outlet.resume()
        if self.playing is not None:
            self.playing.cancel()
        elif self._receiving is not None:
            self._abort(self._receiving)

    def pause_writing(self) -> None:
        self.outlet.pause()

    def resume_writing(self) -> None:
        self.outlet.resume()

    def data_received(self, data: bytes) -> None:
        self.parser.feed(data)
        if self.playing is None:
            self._read_on()
        elif self.parser.pending_bytes > READ_AHEAD_BYTES:
            self.transport.pause_reading()

    def _read_on(self) -> None:
        try:
            while self.playing is None and not self.transport.is_closing():
                request = self.parser.next_request()
                self._notice_head()
                if request is None:
                    return
                self._known_head = None
                self._answer(request)
        except BadRequest as problem:
            self._refuse(problem)

    def _notice_head(self) -> None:
        """A request is recorded from its head on: it may be cut off in its body."""
        head = self.parser.head
        if head is None or head is self._known_head:
            return
        self._known_head = head
        if head.expects_continue and not self.parser.body.size:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.simulator.record:
            self._receiving = self.simulator.remember(received.of_head(head))

    def _refuse(self, problem: BadRequest) -> None:
        refusal = errors.Refusal(problem.status, str(problem))
        answer = errors.answer(refusal, is_messages=False)
        framing = b"content-length: %d\r\nconnection: close\r\n" % len(answer.body)
        head = render_head(answer, 0, 0, time.time(), framing, is_messages=False)
        self.transport.write(head + answer.body)
        self.transport.close()

    def _answer(self, request: Request) -> None:
        entry = self._receiving
        self._receiving = None
        if entry is None and self.simulator.record:
            entry = self.simulator.remember(received.of_head(request.head))
        if entry is not None:
            entry.complete(request.body)
        call = Call(request, self.simulator.shelves)
        answer = self.simulator.answer(call)
        self.stats.count(call, answer)
        if entry is not None:
            entry.status = answer.status
        if answer.events is None and call.script.is_plain and not self.simulator.realistic:
            self._send_at_once(call, answer)
            self._finish(entry)
        else:
            self.playing = asyncio.get_running_loop().create_task(self._play(call, answer, entry))

    def _send_at_once(self, call: Call, answer: Answer) -> None:
        keeps_alive = call.head.keeps_alive and not call.script.close
        framing = b"content-length: %d\r\nconnection: keep-alive\r\n" if keeps_alive else CLOSING
        head = self._render(call, answer, framing % len(answer.body))
        self.transport.write(head if call.head.method == "HEAD" else head + answer.body)
        if not keeps_alive:
            self.transport.close()

    def _render(self, call: Call, answer: Answer, framing: bytes) -> bytes:
        request_id = self.simulator.make_request_id(call.number)
        return render_head(answer, call.number, request_id, time.time(), framing, call.is_messages)

    async def _play(self, call: Call, answer: Answer, entry: Received | None) -> None:
        player = Player(call, answer, self.outlet, lambda framing: self._render(call, answer, framing))
        self.stats.streaming += 1
        try:
            await player.play()
            self._finish(entry)
        except BaseException:
            # The client left, or a mistake of ours: in both cases there is no honest way to go on.
            self._abort(entry)
            self.transport.abort()
            raise
        finally:
            self.stats.streaming -= 1
            self.stats.events += player.events_sent
            self.playing = None
        if not player.keeps_alive:
            self.transport.close()
            return
        self.transport.resume_reading()
        self._read_on()

    def _finish(self, entry: Received | None) -> None:
        self.stats.completed += 1
        if entry is not None:
            entry.finished_at = time.monotonic()

    def _abort(self, entry: Received | None) -> None:
        self.stats.aborted += 1
        if entry is not None:
            entry.aborted_at = time.monotonic()


CLOSING = b"content-length: %d\r\nconnection: close\r\n"
