"""What a limiter is, and what it answers. There are two: `local` (one machine) and `shared` (Redis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from accounts.budgets.budget import STREAMS, TOKENS, Budget

Budgets = Sequence[Budget]
# Of one call, by unit: a request, its estimated tokens, a stream or none.
Need = tuple[int, int, int]


class Remaining(NamedTuple):
    """Of a budget of requests or tokens. `reset_us`: until its window is empty, if nothing more comes."""

    budget: Budget
    amount: int
    reset_us: int


@dataclass(frozen=True, slots=True)
class Refused:
    """By the budget that takes longest. `wait_us` None: waiting does not help."""

    budget: Budget
    amount: int
    wait_us: int | None
    remaining: Sequence[Remaining] = ()


@dataclass(slots=True)
class Taken:
    """Times are those of the table's and of Redis' clock; None where nothing was taken."""

    budgets: Budgets
    need: Need
    remaining: Sequence[Remaining]
    local_us: int | None = None
    redis_us: int | None = None
    lease: str = ""
    settles: bool = False  # the recorder has been told

    @property
    def streams(self) -> list[Budget]:
        return [budget for budget in self.budgets if budget.unit == STREAMS] if self.need[STREAMS] else []

    @property
    def reservation(self) -> dict[str, Any] | None:
        """For the journal, out of which the recorder settles."""
        names = [budget.name for budget in self.budgets if budget.unit == TOKENS]
        if not (names and self.need[TOKENS]):
            return None
        times = {"local_us": self.local_us, "redis_us": self.redis_us}
        return {"budgets": names, "tokens": self.need[TOKENS], **times}


class Limiter(Protocol):
    async def take(self, budgets: Budgets, need: Need) -> Taken | Refused:
        """All or nothing: a refused call takes nothing anywhere."""

    async def look(self, budgets: Budgets) -> list[Remaining]:
        """Takes nothing. Budgets of streams are left out: what remains of them is known by trying."""

    def end(self, taken: Taken) -> None:
        """The call is over: its stream is free, and its tokens go back unless the recorder settles them."""

    async def aclose(self) -> None: ...
