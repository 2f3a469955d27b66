"""What is known of a provider, for people: the state of the breaker and a sentence about it."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from ..configuration.configuration import Breaker, Provider, Snapshot
from . import breaker
from .breaker import HEALTHY, Outcome, Phase, State
from .health import Health, fingerprint
from .table import Table

STATUSES = [
    "healthy", "failing", "resting", "open", "half_open", "recovering", "refused", "unusable", "disabled",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """`share` is of its weight; `until` is when it is tried again, None when it is not left out."""

    status: str
    words: str
    share: float = 1.0
    until: datetime | None = None
    state: State = HEALTHY

    @property
    def reason(self) -> str:
        return self.state.reason

    @property
    def last_error(self) -> str:
        return self.state.words

    @property
    def refused_keys(self) -> int:
        return len(self.state.refused_keys)

    @property
    def changed_at(self) -> datetime | None:
        return _moment(self.state.changed_at) if self.state.changed_at else None


class _Fixed(NamedTuple):
    current: Snapshot


@functools.cache
def table() -> Table:
    """Of this machine, for whoever is not the lane."""
    return Table(settings.DATA_DIR)


def health_of(snapshot: Snapshot) -> Health:
    """What the lane of this machine would be told now."""
    return Health(_Fixed(snapshot), table())


def of(provider: Provider | None, rules: Breaker) -> Standing:
    """None: it is disabled."""
    if provider is None:
        return Standing("disabled", _("It gets no calls."), 0.0)
    state = table().read()[1].get(provider.id)
    if state is None or state.fingerprint != fingerprint(provider):
        return judge(HEALTHY, time.time(), rules)
    return judge(state, time.time(), rules)


def judge(state: State, now: float, rules: Breaker) -> Standing:
    share = breaker.share(state, now, rules) if rules.is_enabled else 1.0
    status = _status(state, now, rules)
    until = _moment(state.until) if status in ("resting", "open") else None
    return Standing(status, _words(status, state, now, share), share, until, state)


def unusable(why: str) -> Standing:
    """Whatever its breaker knows: no call can go there."""
    return Standing("unusable", why, 0.0)


def without_weight(found: Standing) -> Standing:
    """For who asks whether it gets calls. Metrics and alerts go by faults, and somebody wants this so."""
    words = _("Its weight is 0: it gets no new calls.")
    return replace(found, words=words if found.status == "healthy" else f"{found.words} {words}", share=0.0)


def reset(provider_id: int) -> None:
    """As if it had never failed."""
    table().change(provider_id, lambda state: None)


def note(provider: Provider, outcome: Outcome, rules: Breaker) -> None:
    """A test of the connection that went well counts; one that failed says no more than the calls do."""
    if outcome not in (Outcome.SUCCESS, Outcome.REACHED):
        return

    def step(state: State | None) -> State | None:
        if state is None or state.fingerprint != fingerprint(provider):
            return None
        now = time.time()
        found = breaker.after(state, outcome, now, rules)
        return None if breaker.is_healthy(found, now, rules) else replace(found, changed_at=now)

    table().change(provider.id, step)


def _status(state: State, now: float, rules: Breaker) -> str:
    phase = breaker.phase(state, now)
    if state.is_refused:
        return "refused"
    if phase is not Phase.CLOSED:
        return str(phase)
    if state.until > now:
        return "resting"
    if state.server_errors or state.transports or state.rate_limits:
        return "failing"
    return "healthy" if breaker.share(state, now, rules) >= 1 else "recovering"


def _words(status: str, state: State, now: float, share: float) -> str:
    after = f": {state.words.rstrip('.')}" if state.words else ""
    until = f"{_moment(state.until):%H:%M:%S}"
    words = {
        "healthy": _of_keys(len(state.refused_keys)) or _("It is well."),
        "failing": _("Its last calls failed%(after)s. It gets %(share)s of its weight."),
        "resting": _("It asked for a rest (HTTP 429), until %(until)s UTC."),
        "open": _("It keeps failing and is left out until %(until)s UTC%(after)s."),
        "half_open": _("It was left out and is being tried again%(after)s."),
        "recovering": _("It answers again and gets %(share)s of its weight."),
        "refused": _("It refuses the API key and is set aside until the key is corrected."),
    }[status]
    return words % {"after": after, "share": f"{share:.0%}", "until": until}


def _of_keys(refused: int) -> str:
    words = _("It answers, but refuses %(count)s of its keys, which no call uses now.")
    return words % {"count": refused} if refused else ""


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
