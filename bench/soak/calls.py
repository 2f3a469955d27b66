"""One call as its client saw it, and the file of them that the traffic leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import orjson

# What may become of a call beside what it asked for. Each fault says which of them it explains.
LOST = "no answer"  # the connection ended before the head of one
CUT = "cut"  # it ended within the answer, and the client could see that
ERROR_EVENT = "error event"  # a stream that said itself that it is not whole
STATUS = "status"  # another one than was asked for
WRONG = "wrong answer"
LATE = "unfinished"
HELD_BACK = "held back"  # never sent: too many were under way


@dataclass(slots=True)
class Call:
    """`began` and `ended` are seconds since 1970: another process knows when what broke."""

    number: int
    kind: str
    began: float
    ended: float = 0.0
    status: int = 0
    """0 while no answer began."""
    id: str = ""
    """The relay's, once an answer began."""
    trouble: str = ""
    detail: str = ""
    is_repeat: bool = False
    """A kept connection was closed when it was used, and the call was sent once more, as SDKs do."""

    @property
    def client_id(self) -> str:
        """Sent as x-request-id: finds the record of a call that was never answered."""
        return f"soak-{self.number}"

    def as_line(self) -> bytes:
        return orjson.dumps(astuple(self)) + b"\n"


def read(*paths: Path) -> Iterator[Call]:
    for path in paths:
        with path.open("rb") as lines:
            for line in lines:
                yield Call(*orjson.loads(line))
