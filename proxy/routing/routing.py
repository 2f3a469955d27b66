"""Where a call goes: its candidates in the order in which they are asked.

The provider of the project's own key, and nobody else unless the project allows it; the keeper of what the
call is about (`stickiness`); else by tiers of priority, and within a tier by weight among the healthy.
"""

from __future__ import annotations

import os
import random
from itertools import groupby
from typing import NamedTuple

from .. import errors, refusals
from ..access import policy
from ..configuration.configuration import Settings
from ..errors import RelayError
from ..exchange import Exchange
from ..request.edits import Outgoing
from ..runtime import Runtime
from . import balancing, ownkeys, stickiness
from .catalogue import Candidate
from .stickiness import Tie

_chance = random.Random()
os.register_at_fork(after_in_child=_chance.seed)  # else all workers would choose alike


class Choice(NamedTuple):
    candidates: tuple[Candidate, ...]  # never empty
    searches: bool = False  # the call is about something that one of them keeps, and nobody knows which
    tie: Tie | None = None
    home: int | None = None  # the provider where what this call makes is expected
    serving: tuple[Candidate, ...] = ()  # all that could take it, whether healthy or not


async def choose(exchange: Exchange, outgoing: Outgoing, runtime: Runtime) -> Choice:
    """Raises RelayError when no provider may take the call."""
    snapshot, call = runtime.snapshots.current, exchange.call
    if exchange.only_provider is not None:
        snapshot = snapshot.only(exchange.only_provider)
    project = exchange.key.project if exchange.key else None
    own = ownkeys.candidate_of(project, snapshot, call, outgoing.model)
    if own is not None and not (project and project.allow_shared_providers):
        return Choice((own,))
    found = snapshot.catalogue.candidates(outgoing.model, call.endpoint, call.is_streaming, exchange.route)
    refusal = None
    if snapshot.catalogue.has_policies:
        found, refusal = policy.permitted(call, found, snapshot.settings)
    if own is not None:
        others = tuple(c for c in found if c.provider.id != own.provider.id and c.provider.weight)
        if not others or stickiness.tie_of(call):
            return Choice((own,))
        return Choice((own, *in_turn(others, runtime, snapshot.settings)), serving=others)
    if not found:
        raise refusal or snapshot.catalogue.why_none(outgoing.model, call.endpoint, exchange.route)
    if len(found) == 1:
        return Choice(found)
    if tie := stickiness.tie_of(call):
        return await _keepers(tie, found, exchange, runtime)
    return Choice(in_turn(found, runtime, snapshot.settings), serving=found)


def left_out(choice: Choice, runtime: Runtime) -> tuple[Candidate, ...]:
    """Who was not among the candidates for being ill: the one that is back soonest first."""
    asked = {candidate.provider.id for candidate in choice.candidates}
    others = {c.provider.id: c for c in choice.serving if c.provider.weight and c.provider.id not in asked}
    return tuple(others[id] for id in runtime.health.most_hopeful(others))


def firsts(exchange: Exchange, model: str | None, runtime: Runtime) -> tuple[Candidate, ...]:
    """All whom `choose` might ask first now, whoever's turn it is. Empty where the call has no way at all."""
    snapshot, call = runtime.snapshots.current, exchange.call
    if exchange.only_provider is not None:
        snapshot = snapshot.only(exchange.only_provider)
    project = exchange.key.project if exchange.key else None
    try:
        own = ownkeys.candidate_of(project, snapshot, call, model)
    except RelayError:
        return ()
    if own is not None:
        return (own,)
    found = snapshot.catalogue.candidates(model, call.endpoint, call.is_streaming, exchange.route)
    if snapshot.catalogue.has_policies:
        found, _ = policy.permitted(call, found, snapshot.settings)
    if len(found) < 2:
        return found
    share = runtime.health.share
    able = [c for c in found if c.provider.weight and share(c.provider.id) > 0]
    if not able:
        weighty = [c for c in found if c.provider.weight]
        best = runtime.health.best(c.provider.id for c in weighty) if weighty else None
        return tuple(c for c in weighty if c.provider.id == best)
    top = min(candidate.provider.priority for candidate in able)
    return tuple(candidate for candidate in able if candidate.provider.priority == top)


async def _keepers(
    tie: Tie, candidates: tuple[Candidate, ...], exchange: Exchange, runtime: Runtime
) -> Choice:
    """Who keeps what the call names, or will keep what it makes."""
    ordered = stickiness.at_home(candidates, stickiness.owner_of(exchange.key))
    home = ordered[0].provider.id
    if not tie.ids:
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
    """The healthy, by priority and weight; when there are none, the one that is best to try all the same."""
    weighed = [(c, c.provider.weight * runtime.health.share(c.provider.id)) for c in candidates]
    able = [(candidate, weight) for candidate, weight in weighed if weight > 0]
    if not able:
        return _least_bad(candidates, runtime)
    if len(able) == 1:
        return (able[0][0],)
    able.sort(key=lambda pair: pair[0].provider.priority)
    ordered: list[Candidate] = []
    for _, tier in groupby(able, key=lambda pair: pair[0].provider.priority):
        members, weights = zip(*tier, strict=True)
        ordered += (members[place] for place in _order(members, weights, runtime, config))
    return tuple(ordered)


def _order(
    members: tuple[Candidate, ...], weights: tuple[float, ...], runtime: Runtime, config: Settings
) -> list[int]:
    if len(members) == 1:
        return [0]
    if config.chooses_randomly:
        return balancing.shuffle(weights, _chance)
    return runtime.turns.order(tuple(member.provider.id for member in members), weights)


def _least_bad(candidates: tuple[Candidate, ...], runtime: Runtime) -> tuple[Candidate, ...]:
    """A breaker spares a provider while another can take over; alone, it is asked whatever its state."""
    weighty = [candidate for candidate in candidates if candidate.provider.weight]
    if not weighty:
        raise errors.no_weight()
    best = runtime.health.best(candidate.provider.id for candidate in weighty)
    return tuple(candidate for candidate in weighty if candidate.provider.id == best)
