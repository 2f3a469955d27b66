"""How long a connection may take. Looked at now and then, so that a quick request pays nothing for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relay.http.request import INLINE_BYTES
from relay.http.transport import bytes_in_kernel, has_failed, is_half_closed, unsent_bytes

if TYPE_CHECKING:
    from relay.http.channel import Channel


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds. Time in which the client waits for us never counts."""

    head: float = 60.0  # from the first byte of a request to the end of its headers
    body: float = 60.0  # for each INLINE_BYTES of a body, while the application waits for them
    idle: float = 75.0  # until the next request of a kept connection, or the first of a new one
    reader: float = 300.0  # for a client that does not take a byte of its answer
    linger: float = 1.0  # for a client to read an answer that came before it had sent everything
    interval: float = 1.0  # between two looks

    def enforce(self, channel: Channel, now: float) -> None:
        if has_failed(channel.transport) or _has_been_left(channel):
            channel.transport.abortConnection()
            return
        observe(channel, now)
        limit = getattr(self, channel.stage[0], None)
        if limit is not None and now - channel.stage_began >= limit:
            _END[channel.stage[0]](channel)


def observe(channel: Channel, now: float) -> None:
    stage = _find_stage(channel)
    if stage != channel.stage:
        channel.stage, channel.stage_began = stage, now


def _has_been_left(channel: Channel) -> bool:
    """Seen although nothing is read just now, as when a provider does not take an upload."""
    return channel.is_busy and is_half_closed(channel.transport)


def _find_stage(channel: Channel) -> tuple[Any, ...]:
    """The name of a limit, and what must stay the same for its time to run out."""
    unsent = unsent_bytes(channel.transport)
    if unsent and (channel.is_write_blocked or not channel.requests):
        return ("reader", channel.turn, unsent, bytes_in_kernel(channel.transport))
    if channel.awaits_body:
        return ("body", channel.turn, channel.requests[0].arrived_bytes // INLINE_BYTES)
    if channel.awaits_head:
        return ("head", channel.turn)
    return ("idle", channel.turn) if channel.is_idle else ("ours",)


def _refuse(channel: Channel) -> None:
    channel.refuse(408, "request_timeout", "The request did not arrive in time.")


_END = {
    "head": _refuse,
    "body": _refuse,
    "idle": lambda channel: channel.loseConnection(),
    "reader": lambda channel: channel.transport.abortConnection(),
}
