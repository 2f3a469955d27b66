"""What a dispatcher asks of the place it delivers to.

    SinkError      the target cannot be used as it is: a bad endpoint, key or option
    DeliveryError
     ├─ Unreachable   nothing arrived: it is tried again for as long as it takes
     └─ Refused       the far side takes these events together not, now or later

Sinks are synchronous. Each dispatcher has one of its own, in a thread of its own, and never calls it twice at
the same time; whatever it waits for must end by itself (30 seconds are enough for a request).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:  # models choose among sinks, and events are made of models
    from logs_app.events import Event


class SinkError(Exception):
    """Words for whoever chose the target. `field` is `endpoint`, `api_key` or `options`."""

    def __init__(self, words: str, field: str = "endpoint") -> None:
        super().__init__(words)
        self.field = field


class DeliveryError(Exception):
    """Words for whoever looks after the dispatcher; never with a secret in them."""


class Unreachable(DeliveryError):
    """No answer, an answer of 429 or 5xx to all of it, or a key that is not (any more) accepted.

    Nothing is given up for it: the events wait until the far side is well or the target is corrected.
    """

    def __init__(self, words: str, after_seconds: float | None = None) -> None:
        super().__init__(words)
        self.after_seconds = after_seconds  # the far side's Retry-After


class Refused(DeliveryError):
    """The request as a whole was refused, as with 400 or 413, and it is not said for which of the events.

    The dispatcher halves it until the event that is refused stands alone.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """Where a sink delivers to, and how: of a `Dispatcher` row, or of the command line."""

    endpoint: str = ""
    api_key: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)  # the sink's own, and checked by it


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one event. `retry` is tried a few times again, `refused` never by itself."""

    outcome: Literal["delivered", "retry", "refused"]
    reason: str = ""
    after_seconds: float | None = None  # the far side's Retry-After


DELIVERED = Delivery("delivered")


class Sink:
    """An event may come again, with the same id: after a crash, or when an answer was lost."""

    name: ClassVar[str]
    # Whether `event.response.raw` is read: else it is not unpacked.
    wants_raw: ClassVar[bool] = False

    def __init__(self, target: Target) -> None:
        """Raises SinkError. Connects to nothing: that is for the first delivery."""
        self.target = target

    def deliver(self, events: Sequence[Event]) -> list[Delivery]:
        """One for each event, in their order. Raises Unreachable or Refused when it is the same for all."""
        raise NotImplementedError

    def flush(self) -> None:
        """Before the events of the last `deliver` count as delivered."""

    def close(self) -> None:
        """Nothing is delivered after it."""
