"""The standing of providers in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .breaker import State


class Table:
    """`generation` moves with every change. A healthy provider has no entry."""

    def __init__(self) -> None:
        self.generation = 0
        self._states: dict[int, State] = {}

    def read(self) -> Mapping[int, State]:
        return dict(self._states)

    def change(self, provider_id: int, step: Callable[[State | None], State | None]) -> State | None:
        state = step(self._states.get(provider_id))
        if state is None:
            self._states.pop(provider_id, None)
        else:
            self._states[provider_id] = state
        self.generation += 1
        return state

    def take_permit(self, provider_id: int, most: int) -> bool:
        return True

    def give_back_permit(self, provider_id: int) -> None:
        return

    def close(self) -> None:
        return
