"""Cache policies of projects and routes as the lane needs them, and the one that holds for a call. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from accounts import cachepolicies
from accounts.cachepolicies import ALWAYS, OFF, PROJECT


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """None: not said."""

    mode: str | None = None
    ttl: int | None = None
    scope: str | None = None
    ignore: tuple[str, ...] | None = None
    ignore_headers: tuple[str, ...] | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    original_pace: bool | None = None

    @property
    def is_off(self) -> bool:
        return self.mode == OFF

    @property
    def is_always(self) -> bool:
        return self.mode == ALWAYS

    @property
    def shares_within(self) -> str:
        return self.scope or PROJECT


NO_POLICY = CachePolicy()
_NOTHING = CachePolicy(mode=OFF)
_NAMES = tuple(field.name for field in fields(CachePolicy))


def parse(given: Any) -> CachePolicy:
    """Fails closed: a policy that cannot be understood keeps nothing."""
    if cachepolicies.refusal_of(given):
        return _NOTHING
    said = {name: value for name, value in (given or {}).items() if value is not None}
    if not said:
        return NO_POLICY
    for name in ("ignore", "ignore_headers"):
        if name in said:
            said[name] = tuple(sorted({text.lower() for text in said[name]}))
    return CachePolicy(**said)


@lru_cache(maxsize=1024)
def combined(project: CachePolicy, route: CachePolicy) -> CachePolicy:
    """The route's word counts where it says one. Who shares is the project's to say, and off is off."""
    if project.is_off or route.is_off:
        return _NOTHING
    chosen = {name: getattr(route, name) for name in _NAMES if getattr(route, name) is not None}
    return CachePolicy(**{name: chosen.get(name, getattr(project, name)) for name in _NAMES})
