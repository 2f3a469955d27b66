"""What a provider's answers make of its standing. Pure: the state before, what happened, the time → the state
after. Times are seconds of the epoch, because machines share them.

    closed ──(failures in a row)──▶ open ──(30 s·2ⁿ)──▶ half-open ──(2 successes)──▶ closed, slowly
                                     ▲                      │
                                     └──────(a failure)─────┘

A provider that rests after a 429 is closed, and left out until the rest is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ..configuration.configuration import Breaker

SERVER_ERROR_FACTOR = TRANSPORT_FACTOR = 0.7
TIMEOUT_FACTOR = 0.9
_MOST_DOUBLINGS = 20


class Outcome(StrEnum):
    """How a call ended, as far as it says something about the provider."""

    SUCCESS = "success"
    RATE_LIMITED = "rate_limited"  # 429
    SERVER_ERROR = "server_error"  # 5xx
    TRANSPORT = "transport"  # not reached, reset, cut off, not HTTP
    TIMEOUT = "timeout"  # no answer in time, or 408
    CALLER_FAULT = "caller_fault"  # says nothing: another 4xx
    AUTH = "auth"  # it refused our key
    REACHED = "reached"  # a probe that cost nothing was let in
    ANSWERED = "answered"  # it got an answer, which says nothing of the key


class Phase(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class State:
    """Counts are of failures in a row. `fingerprint` is of the configuration that all of this is about."""

    phase: Phase = Phase.CLOSED
    multiplier: float = 1.0
    rate_limits: int = 0
    server_errors: int = 0
    transports: int = 0
    until: float = 0.0  # open, or resting after a 429
    openings: int = 0  # since it was last entirely healthy
    successes: int = 0  # while half-open
    closed_at: float = 0.0
    is_refused: bool = False  # none of its keys is accepted
    refused_keys: tuple[str, ...] = ()  # digests
    reason: str = ""  # the outcome that opened it, or the last failure
    words: str = ""
    changed_at: float = 0.0
    fingerprint: str = ""


HEALTHY = State()


def after(state: State, outcome: Outcome, now: float, rules: Breaker, retry_after: float = 0) -> State:
    match outcome:
        case Outcome.CALLER_FAULT:
            return state
        case Outcome.SUCCESS:
            return _succeeded(state, now, rules)
        case Outcome.REACHED:
            return _answered(_accepted(state), now)
        case Outcome.ANSWERED:
            return _answered(state, now)
        case Outcome.AUTH:
            return replace(state, is_refused=True, reason=outcome)
    return _failed(state, outcome, now, rules, retry_after)


def phase(state: State, now: float) -> Phase:
    if state.phase is Phase.OPEN and state.until <= now:
        return Phase.HALF_OPEN
    return state.phase


def is_healthy(state: State, now: float, rules: Breaker) -> bool:
    """Whether nothing of it needs to be remembered."""
    counts = state.rate_limits or state.server_errors or state.transports
    is_at_rest = state.phase is Phase.CLOSED and state.until <= now and not counts
    is_recovered = state.multiplier >= 1 and now >= state.closed_at + rules.slow_start_window_seconds
    return is_at_rest and is_recovered and not state.is_refused and not state.refused_keys


def share(state: State, now: float, rules: Breaker) -> float:
    """Of its weight: 0 leaves it out, 1 is all of it."""
    current = phase(state, now)
    if state.is_refused or current is Phase.OPEN:
        return 0.0
    if current is Phase.HALF_OPEN:
        return max(state.multiplier, rules.min_multiplier) * rules.half_open_weight_factor
    if now < state.until:
        return 0.0
    return max(state.multiplier * _slow_start(state, now, rules), rules.min_multiplier)


def despair(state: State, now: float) -> tuple[bool, float, float]:
    """Orders providers of which all are left out; the least is tried all the same."""
    return state.is_refused, max(state.until - now, 0.0), -state.multiplier


def _slow_start(state: State, now: float, rules: Breaker) -> float:
    window = rules.slow_start_window_seconds
    return min((now - state.closed_at) / window, 1.0) if window else 1.0


def _succeeded(state: State, now: float, rules: Breaker) -> State:
    """Also of one that is open: it was tried all the same, or by a probe that costs."""
    multiplier = min(state.multiplier + rules.success_recovery_step, 1.0)
    state = replace(_accepted(state), multiplier=multiplier, rate_limits=0, server_errors=0, transports=0)
    if state.phase is Phase.CLOSED:
        return state
    successes = state.successes + 1
    if successes < rules.half_open_success_threshold:
        return replace(state, phase=Phase.HALF_OPEN, successes=successes, until=now)
    return replace(state, phase=Phase.CLOSED, successes=0, until=0.0, closed_at=now)


def _answered(state: State, now: float) -> State:
    """The list of models says nothing of 429 and 5xx, which a provider may answer to all but this."""
    if state.reason not in (Outcome.TRANSPORT, Outcome.TIMEOUT):
        return state
    if state.phase is Phase.OPEN and now < state.until:
        return replace(state, phase=Phase.HALF_OPEN, successes=0, until=now)
    return state


def _accepted(state: State) -> State:
    """Where every key was refused, one is accepted now, whichever it is."""
    return replace(state, is_refused=False, refused_keys=()) if state.is_refused else state


def _failed(state: State, outcome: Outcome, now: float, rules: Breaker, retry_after: float) -> State:
    was = phase(state, now)
    state, is_too_many, rest = _counted(state, outcome, rules, retry_after)
    if was is Phase.OPEN:
        return state  # tried all the same; when it may be tried again stays
    if was is Phase.HALF_OPEN or is_too_many:
        return _opened(state, now, rules, rest)
    return replace(state, until=max(state.until, now + rest)) if rest else state


def _counted(state: State, outcome: Outcome, rules: Breaker, retry_after: float) -> tuple[State, bool, float]:
    """The state with its counts, whether they are too many, and seconds of rest."""
    state = replace(state, reason=outcome)
    if outcome is Outcome.RATE_LIMITED:
        state = replace(state, rate_limits=state.rate_limits + 1)
        rest = retry_after or _doubled(rules.base_429_cooldown_seconds, state.rate_limits - 1)
        return state, state.rate_limits >= rules.threshold_429, min(rest, rules.max_429_cooldown_seconds)
    if outcome is Outcome.SERVER_ERROR:
        state = replace(state, server_errors=state.server_errors + 1)
        return _lowered(state, SERVER_ERROR_FACTOR, rules), state.server_errors >= rules.threshold_5xx, 0.0
    factor = TIMEOUT_FACTOR if outcome is Outcome.TIMEOUT else TRANSPORT_FACTOR
    state = replace(state, transports=state.transports + 1)
    return _lowered(state, factor, rules), state.transports >= rules.transport_threshold, 0.0


def _lowered(state: State, factor: float, rules: Breaker) -> State:
    return replace(state, multiplier=max(state.multiplier * factor, rules.min_multiplier))


def _opened(state: State, now: float, rules: Breaker, rest: float) -> State:
    duration = _doubled(rules.base_open_duration_seconds, state.openings)
    duration = max(min(duration, rules.max_open_duration_seconds), rest)
    openings = min(state.openings + 1, _MOST_DOUBLINGS)
    return replace(state, phase=Phase.OPEN, until=now + duration, openings=openings, successes=0)


def _doubled(seconds: float, times: int) -> float:
    return seconds * 2.0 ** min(times, _MOST_DOUBLINGS)
