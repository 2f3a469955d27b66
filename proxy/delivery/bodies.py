"""Bodies on their way to the client: ours, and the provider's with the few edits we make.

Guarantee 3: half an answer never looks like success. A stream that breaks off ends with an error event
and no [DONE]; any other body that breaks off is cut at the socket (`Broken`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

from ..configuration.configuration import Provider
from ..errors import MidStream, RelayError
from ..exchange import Exchange
from ..headers import RawHeaders
from ..health import Outcome
from ..request.edits import Outgoing
from ..runtime import Runtime
from ..sending.answer import Answer
from .framing import Framer
from .renaming import Renamer

if TYPE_CHECKING:
    from ..cache.recording import Recording


class Broken(Exception):
    """The body cannot be finished honestly: the connection must be cut."""


class Delivery:
    def __init__(self, exchange: Exchange, runtime: Runtime) -> None:
        self.exchange = exchange
        self._runtime = runtime

    async def parts(self) -> AsyncIterator[bytes]:
        raise NotImplementedError
        yield b""

    def last_words(self) -> bytes | None:
        """What to say in the stream before ending it early; None when nothing can be said there."""
        return None

    def close(self) -> None:
        """Always called, whatever happened; the second time it does nothing."""
        if self.exchange.is_open and self.exchange.outcome == "completed":
            self._settle()
        self.exchange.close()
        self._runtime.leave(self.exchange)

    def _settle(self) -> None:
        """The body did not run to its end: the client left, or the relay itself ended it."""
        self.exchange.break_off()


class OwnAnswer(Delivery):
    """A body of ours, whole from the start."""

    def __init__(self, exchange: Exchange, runtime: Runtime, body: bytes) -> None:
        super().__init__(exchange, runtime)
        self._body = body

    async def parts(self) -> AsyncIterator[bytes]:
        self._runtime.release(self.exchange)
        if self.exchange.is_open:
            self.exchange.take_part(self._body)
        self.exchange.close()
        yield self._body


class Source(Protocol):
    """A provider's answer: as it comes, or as it was stored."""

    status: int
    headers: RawHeaders

    @property
    def is_event_stream(self) -> bool: ...

    @property
    def is_json(self) -> bool: ...

    def parts(self) -> AsyncIterator[bytes]: ...

    def close(self) -> None: ...


class Conveyed(Delivery):
    """A body with the few edits we make, journalled before it is sent on."""

    def __init__(
        self, exchange: Exchange, runtime: Runtime, answer: Source, provider_key: str, sent: Outgoing
    ) -> None:
        super().__init__(exchange, runtime)
        self.answer = answer
        self.provider_key = provider_key
        self._renaming = sent.renaming if 200 <= answer.status < 300 else None
        self._framer: Framer | None = None
        self._renamer: Renamer | None = None
        if answer.is_event_stream:
            path = exchange.call.path
            self._framer = Framer(path, hide_usage=sent.asks_usage, renaming=self._renaming)
        elif self._renaming is not None and answer.is_json:
            self._renamer = Renamer(self._renaming)

    @property
    def may_change_length(self) -> bool:
        return self._framer is not None or self._renamer is not None

    @property
    def is_terminated(self) -> bool:
        """Whether the stream's own last event went by."""
        return self._framer is not None and self._framer.is_terminated

    async def parts(self) -> AsyncIterator[bytes]:
        exchange, framer = self.exchange, self._framer
        try:
            async for part in self.answer.parts():
                self._take(part)
                if framer is not None:
                    part = framer.feed(part)
                    if framer.is_terminated:
                        # Who has read the last event may come with the next stream before this body ends.
                        self._runtime.release(exchange)
                elif self._renamer is not None:
                    part = self._renamer.feed(part)
                if part:
                    yield part
            if rest := self._end():
                yield rest
        except MidStream as fault:
            error = fault.as_answer(self.provider_key)
            self._note_fault(fault)
            if framer is None or not framer.is_between_events:
                exchange.fail("upstream_truncated", error)
                raise Broken(error.message) from fault
            if not framer.is_terminated:
                exchange.fail("upstream_truncated", error)
                yield self._event(error)
        self._note_edits()
        self._note_end()
        exchange.close()

    def last_words(self) -> bytes | None:
        error, framer = self.exchange.aborted_by, self._framer
        return self._event(error) if error and framer and framer.is_between_events else None

    def close(self) -> None:
        self._note_edits()
        super().close()
        self.answer.close()

    def _take(self, part: bytes) -> None:
        self.exchange.take_part(part)

    def _note_fault(self, fault: MidStream) -> None:
        """It broke off."""

    def _note_end(self) -> None:
        """It came to its end."""

    def _end(self) -> bytes:
        framer = self._framer
        if framer is None:
            return self._renamer.finish() if self._renamer else b""
        rest = framer.finish()
        if not framer.is_whole:
            raise MidStream("upstream_truncated", "the stream ended before its last event")
        return rest

    def _event(self, error: RelayError) -> bytes:
        assert self._framer is not None
        event = error.as_event(self.exchange.call.path, self._framer.next_sequence_number)
        edit = {"kind": "append_error_event", "code": error.code, "event": event.decode()}
        self.exchange.edits.append(edit)
        return event

    def _settle(self) -> None:
        # A client may close on the protocol's last event without waiting for the end of the body.
        if not (self._framer and self._framer.is_terminated):
            self.exchange.break_off()

    def _note_edits(self) -> None:
        if not self.exchange.is_open:
            return
        if self._framer and self._framer.hid_usage:
            self.exchange.edits.append({"kind": "hide_usage_event"})
        editor = self._framer or self._renamer
        if editor and editor.has_renamed and self._renaming:
            self.exchange.edits.append(
                {"kind": "model", "from": self._renaming.sent, "to": self._renaming.asked}
            )


class PassedOn(Conveyed):
    """What the provider says, as it comes."""

    def __init__(
        self,
        exchange: Exchange,
        runtime: Runtime,
        answer: Answer,
        provider: Provider,
        sent: Outgoing,
        recording: Recording | None = None,
    ) -> None:
        super().__init__(exchange, runtime, answer, provider.provider_key, sent)
        self._provider_id = provider.id
        self._recording = recording

    def close(self) -> None:
        super().close()
        if self._recording is not None:
            self._recording.fail("it was not told to its end")

    def _take(self, part: bytes) -> None:
        self.exchange.take_part(part)
        if self._recording is not None:
            self._recording.add(part)

    def _note_fault(self, fault: MidStream) -> None:
        outcome = Outcome.TIMEOUT if fault.reason == "upstream_timeout" else Outcome.TRANSPORT
        self._runtime.health.report(self._provider_id, outcome, words=fault.detail)
        if self._recording is not None:
            self._recording.fail(fault.detail)

    def _note_end(self) -> None:
        if self.exchange.error is None and self.answer.status < 400:
            self._runtime.health.report(self._provider_id, Outcome.SUCCESS)
        if self._recording is not None:
            self._recording.finish()
