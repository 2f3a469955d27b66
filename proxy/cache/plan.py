"""What the cache has to do with one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..headers import RawHeaders
from .choosing import Asked
from .directives import Directives
from .entry import Entry, Label
from .freshness import Grant
from .keys import Key
from .recording import Recording
from .status import Forward

if TYPE_CHECKING:
    from .cache import Cache


@dataclass(slots=True)
class Plan:
    cache: Cache
    key: Key
    label: Label
    asked: Asked
    wish: Directives
    grant: Grant | None
    model: str | None  # as it goes to routing
    may_store: bool
    original_pace: bool
    body: bytes  # the client's, to see once more whether it can be relied on
    asked_at: float
    mark: int = 0  # of the resource that is asked for, then
    why: Forward = Forward.MISS
    stale: Entry | None = None  # what the provider is asked to confirm, or stands in when it fails
    conditions: RawHeaders | None = None  # with which it is asked
    recording: Recording | None = None

    @property
    def wants_plain(self) -> bool:
        """What is kept for others must not come in an encoding that only this client can read."""
        return self.grant is not None and self.may_store
