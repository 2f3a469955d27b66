"""Where a call goes: its candidates in the order in which they are asked.

The provider of the project's own key, and nobody else unless the project allows it; the keeper of what the
call is about (`stickiness`); else by tiers of priority, and within a tier by weight among the healthy.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

from .. import errors, refusals
from ..access import policy
from ..configuration.configuration import Project, Route, Settings, Snapshot
from ..errors import RelayError
from ..exchange import Exchange
from ..request.edits import Outgoing
from ..request.parsing import Call
from ..runtime import Runtime
from . import balancing, ownkeys, stickiness
from .catalogue import Candidate
from .stickiness import Tie

Weighed = tuple[Candidate, float]

_chance = random.Random()
os.register_at_fork(after_in_child=_chance.seed)  # else all workers would choose alike


class Choice(NamedTuple):
    candidates: tuple[Candidate, ...]  # never empty
    searches: bool = False  # the call is about something that one of them keeps, and nobody knows which
    tie: Tie | None = None
    home: int | None = None  # the provider where what this call makes is expected
    serving: tuple[Candidate, ...] = ()  # all that could take it, whether healthy or not


class Eligible(NamedTuple):
    """Who may take a call, whether well or not. `allowed` stand in for `own`, which has the project's key."""

    allowed: tuple[Candidate, ...] = ()
    own: Candidate | None = None
    refusal: RelayError | None = None  # why nobody may


class Health(Protocol):
    """What is asked here of `health.Health`."""

    def share(self, provider_id: int) -> float: ...
    def most_hopeful(self, provider_ids: Iterable[int]) -> list[int]: ...


async def choose(exchange: Exchange, outgoing: Outgoing, runtime: Runtime) -> Choice:
    """Raises RelayError when no provider may take the call."""
    allowed, own, refusal = _eligible(exchange, outgoing.model, runtime)
    config = runtime.snapshots.current.settings
    if own is not None:
        if not any(candidate.provider.weight for candidate in allowed):
            return Choice((own,))
        return Choice((own, *in_turn(allowed, runtime, config)), serving=allowed)
    if refusal is not None:
        raise refusal
    if _is_sole(exchange, allowed):
        return Choice(allowed)
    if tie := stickiness.tie_of(exchange.call):
        return await _keepers(tie, allowed, exchange, runtime)
    return Choice(in_turn(allowed, runtime, config), serving=allowed)


def left_out(choice: Choice, runtime: Runtime) -> tuple[Candidate, ...]:
    """Who was not among the candidates for being ill: the one that is back soonest first."""
    asked = {candidate.provider.id for candidate in choice.candidates}
    return by_hope((c for c in choice.serving if c.provider.id not in asked), runtime.health)


def firsts(exchange: Exchange, model: str | None, runtime: Runtime) -> tuple[Candidate, ...]:
    """All whom `choose` might ask first now, whoever's turn it is. Empty where the call has no way at all."""
    try:
        allowed, own, _ = _eligible(exchange, model, runtime)
    except RelayError:
        return ()
    if own is not None:
        return (own,)
    if _is_sole(exchange, allowed):
        return allowed
    if able := tiers(allowed, runtime.health):
        return tuple(candidate for candidate, _ in able[0])
    return by_hope(allowed, runtime.health)[:1]


def eligible(
    project: Project | None, snapshot: Snapshot, call: Call, model: str | None, route: Route | None
) -> Eligible:
    """Raises RelayError where the project's own key cannot take the call."""
    own = ownkeys.candidate_of(project, snapshot, call, model)
    if own is not None and not (project and project.allow_shared_providers):
        return Eligible(own=own)
    catalogue, refusal = snapshot.catalogue, None
    found = catalogue.candidates(model, call.endpoint, call.is_streaming, route)
    if catalogue.has_policies:
        found, refusal = policy.permitted(call, found, snapshot.settings)
    if own is not None:
        others = tuple(candidate for candidate in found if candidate.provider.id != own.provider.id)
        return Eligible(() if stickiness.tie_of(call) else others, own)
    if not found:
        return Eligible(refusal=refusal or catalogue.why_none(model, call.endpoint, route))
    return Eligible(found)


def tiers(candidates: Iterable[Candidate], health: Health) -> list[list[Weighed]]:
    """The healthy by priority, each with the weight that it has now."""
    weighed = ((each, each.provider.weight * health.share(each.provider.id)) for each in candidates)
    able = sorted((pair for pair in weighed if pair[1] > 0), key=_priority)
    return [list(tier) for _, tier in groupby(able, key=_priority)]


def by_hope(candidates: Iterable[Candidate], health: Health) -> tuple[Candidate, ...]:
    """Those that take new calls, the one that is back soonest first."""
    weighty = {each.provider.id: each for each in candidates if each.provider.weight}
    return tuple(weighty[id] for id in health.most_hopeful(weighty))


def _eligible(exchange: Exchange, model: str | None, runtime: Runtime) -> Eligible:
    snapshot = runtime.snapshots.current
    if exchange.only_provider is not None:
        snapshot = snapshot.only(exchange.only_provider)
    project = exchange.key.project if exchange.key else None
    return eligible(project, snapshot, exchange.call, model, exchange.route)


def _is_sole(exchange: Exchange, allowed: tuple[Candidate, ...]) -> bool:
    """Nobody else can take it. Whoever names a provider may ask it although it gets no new calls."""
    return len(allowed) == 1 and (allowed[0].provider.weight > 0 or exchange.only_provider is not None)


def _priority(weighed: Weighed) -> int:
    return weighed[0].provider.priority


async def _keepers(
    tie: Tie, candidates: tuple[Candidate, ...], exchange: Exchange, runtime: Runtime
) -> Choice:
    """Who keeps what the call names, or will keep what it makes."""
    ordered = stickiness.at_home(candidates, stickiness.owner_of(exchange.key))
    home = ordered[0].provider.id
    if not tie.ids:
        if tie.makes and not any(candidate.provider.weight for candidate in candidates):
            raise errors.no_weight()
        share = runtime.health.share
        able = tuple(c for c in ordered if c.provider.weight and share(c.provider.id)) or ordered[:1]
        return Choice(able, tie=tie, home=home)
    keeper = await runtime.whereabouts.find(tie.ids)
    if keeper is None:
        return Choice(ordered, searches=True, tie=tie, home=home)
    there = tuple(candidate for candidate in ordered if candidate.provider.id == keeper)
    if not there:
        raise refusals.keeper_unavailable(tie.ids[0])
    return Choice(there, tie=tie, home=home)


def in_turn(candidates: tuple[Candidate, ...], runtime: Runtime, config: Settings) -> tuple[Candidate, ...]:
    """The healthy, by priority and weight; when there are none, the one that is best to try all the same: a
    breaker spares a provider while another can take over, and no longer.
    """
    ordered: list[Candidate] = []
    for tier in tiers(candidates, runtime.health):
        ordered += _order(tier, runtime, config)
    if ordered:
        return tuple(ordered)
    if not (hopeful := by_hope(candidates, runtime.health)):
        raise errors.no_weight()
    return hopeful[:1]


def _order(tier: list[Weighed], runtime: Runtime, config: Settings) -> Iterator[Candidate]:
    if len(tier) == 1:
        return iter((tier[0][0],))
    members, weights = zip(*tier, strict=True)
    if config.chooses_randomly:
        places = balancing.shuffle(weights, _chance)
    else:
        places = runtime.turns.order(tuple(member.provider.id for member in members), weights)
    return (members[place] for place in places)
