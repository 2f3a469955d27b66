"""Which providers can be used, as the lane asks it: plain calls, in microseconds, without a thread.

health.share(id)                 0 leave out, 1 full weight, between: recovering
health.most_hopeful(ids)         of providers that are all left out, the best to try all the same first
with health.begin(id) as permit  None: not now, others are trying it already (half-open)
health.report(id, outcome)       what came of it
health.key_for(provider)         its key, or the next of several
health.key_refused(provider, key)
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from ..configuration.configuration import Breaker, Provider, Snapshot
from . import breaker
from .breaker import HEALTHY, Outcome, Phase, State
from .table import Table

LONGEST_WORDS = 200
_NO_FAILURES = (Outcome.SUCCESS, Outcome.REACHED, Outcome.ANSWERED, Outcome.CALLER_FAULT)

log = logging.getLogger("relay.health")


class Configured(Protocol):
    @property
    def current(self) -> Snapshot: ...


class Permit:
    """To try a provider; given back at its end, once. One that nobody counts ends with nothing."""

    __slots__ = ("_end",)

    def __init__(self, end: Callable[[], None] | None = None) -> None:
        self._end = end

    def end(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            end()

    def __enter__(self) -> Permit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


UNCOUNTED = Permit()


class Health:
    def __init__(
        self, snapshots: Configured, table: Table | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._snapshots = snapshots
        self._table = table or Table()
        self._clock = clock
        self._generation = -1
        self._snapshot: Snapshot | None = None
        self._sick: dict[int, State] = {}
        self._turns: dict[int, itertools.count[int]] = {}
        self.ejections: Counter[tuple[str, str]] = Counter()  # by provider and reason

    def share(self, provider_id: int) -> float:
        sick = self._current()
        if not sick or provider_id not in sick:
            return 1.0
        rules = self._rules
        return breaker.share(sick[provider_id], self._clock(), rules) if rules.is_enabled else 1.0

    def most_hopeful(self, provider_ids: Iterable[int]) -> list[int]:
        """The best to try first, when all of them are left out."""
        sick, now = self._current(), self._clock()
        return sorted(provider_ids, key=lambda id: breaker.despair(sick.get(id, HEALTHY), now))

    def begin(self, provider_id: int, *, anyway: bool = False) -> Permit | None:
        """`anyway`: there is no other provider left, so it is tried whatever its state."""
        state = self._current().get(provider_id)
        if state is None or anyway or not self._rules.is_enabled:
            return UNCOUNTED
        if breaker.phase(state, self._clock()) is not Phase.HALF_OPEN:
            return UNCOUNTED if self.share(provider_id) else None
        if not self._table.take_permit(provider_id, self._rules.half_open_max_probes):
            return None
        return Permit(lambda: self._table.give_back_permit(provider_id))

    def report(
        self, provider_id: int, outcome: Outcome, *, retry_after_seconds: float = 0, words: str = ""
    ) -> None:
        """`words` say to a person what went wrong."""
        is_well = provider_id not in self._current()
        if outcome is Outcome.CALLER_FAULT or (is_well and not _is_failure(outcome)):
            return
        provider = self._provider(provider_id)
        if provider is None or not self._rules.is_enabled:
            return
        if outcome is Outcome.AUTH and provider.extra_api_keys:
            return  # of several keys, `key_refused` tells which
        self._step(provider, outcome, retry_after_seconds, words)

    def key_for(self, provider: Provider) -> str:
        if not provider.extra_api_keys:
            return provider.api_key
        keys = (provider.api_key, *provider.extra_api_keys)
        state = self._current().get(provider.id)
        if state is not None and state.refused_keys:
            keys = tuple(key for key in keys if digest(key) not in state.refused_keys) or keys
        turn = next(self._turns.setdefault(provider.id, itertools.count()))
        return keys[turn % len(keys)]

    def key_refused(self, provider: Provider, key: str) -> None:
        """Sets the key aside, and the provider with its last one."""
        if not provider.extra_api_keys and provider.key_owner is None:
            return self.report(provider.id, Outcome.AUTH)
        keys = {digest(each) for each in (provider.api_key, *provider.extra_api_keys)}
        if provider.key_owner is not None or digest(key) not in keys:
            return  # a project's own key says nothing of the provider's

        def step(state: State | None) -> State:
            old = self._own(state, provider)
            refused = tuple(sorted({*old.refused_keys, digest(key)}))
            is_refused = keys <= set(refused)
            reason = Outcome.AUTH if is_refused else old.reason
            return replace(old, refused_keys=refused, is_refused=is_refused, reason=reason)

        self._change(provider, step)

    def states(self) -> Mapping[int, State]:
        """Of the providers that are not entirely healthy."""
        return dict(self._current())

    def close(self) -> None:
        self._table.close()

    @property
    def _rules(self) -> Breaker:
        return self._snapshots.current.settings.breaker

    def _current(self) -> dict[int, State]:
        """What is known of providers as they are configured now."""
        snapshot = self._snapshots.current
        if self._table.generation != self._generation or snapshot is not self._snapshot:
            self._generation, found = self._table.read()
            self._snapshot = snapshot
            prints = {p.id: fingerprint(p) for p in snapshot.providers if p.id in found}
            self._sick = {id: s for id, s in found.items() if prints.get(id) == s.fingerprint}
        return self._sick

    def _provider(self, provider_id: int) -> Provider | None:
        return next((p for p in self._snapshots.current.providers if p.id == provider_id), None)

    def _step(self, provider: Provider, outcome: Outcome, retry_after: float, words: str) -> None:
        now, rules = self._clock(), self._rules

        def step(state: State | None) -> State | None:
            found = breaker.after(self._own(state, provider), outcome, now, rules, retry_after)
            if _is_failure(outcome):
                found = replace(found, words=words[:LONGEST_WORDS])
            return None if breaker.is_healthy(found, now, rules) else found

        self._change(provider, step)

    def _change(self, provider: Provider, step: Callable[[State | None], State | None]) -> None:
        now = self._clock()

        def stamped(state: State | None) -> State | None:
            found = step(state)
            return replace(found, changed_at=now) if found and found != state else found

        before = self._current().get(provider.id, HEALTHY)
        after = self._table.change(provider.id, stamped) or HEALTHY
        if _is_set_aside(before, after, now):
            self.ejections[provider.provider_key, after.reason] += 1
        _announce(provider.provider_key, before, after, now)

    def _own(self, state: State | None, provider: Provider) -> State:
        """What was said of another configuration does not count."""
        mark = fingerprint(provider)
        return state if state and state.fingerprint == mark else replace(HEALTHY, fingerprint=mark)


def fingerprint(provider: Provider) -> str:
    """Of what decides whether it can be reached."""
    parts = (
        provider.provider_type,
        provider.api_base,
        provider.api_key,
        provider.extra_api_keys,
        sorted(provider.params.items(), key=str),
    )
    return digest(repr(parts))


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _is_failure(outcome: Outcome) -> bool:
    return outcome not in _NO_FAILURES


def _is_set_aside(before: State, after: State, now: float) -> bool:
    if after.is_refused:
        return not before.is_refused
    return breaker.phase(after, now) is Phase.OPEN and breaker.phase(before, now) is not Phase.OPEN


def _announce(name: str, before: State, after: State, now: float) -> None:
    if after.is_refused and not before.is_refused:
        log.error("Provider '%s' refuses our API key and is set aside until it is corrected.", name)
    elif breaker.phase(after, now) is Phase.OPEN and breaker.phase(before, now) is not Phase.OPEN:
        seconds = after.until - now
        log.warning("Provider '%s' is left out for %.0f s: %s", name, seconds, after.words or after.reason)
    elif before.phase is not Phase.CLOSED and after.phase is Phase.CLOSED:
        log.info("Provider '%s' answers again.", name)
