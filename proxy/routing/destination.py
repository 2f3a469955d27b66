"""Where a call would go, and why: what `routing` decides, told of every provider. Nothing is sent.

The order within a tier changes with every call, so what is told is each provider's share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson

from .. import errors
from ..access import policy
from ..configuration.configuration import Key, Project, Provider, Route, Snapshot
from ..errors import RelayError
from ..request import edits
from ..request.parsing import Call, read_head
from . import mapping, ownkeys, routes, stickiness
from .catalogue import Candidate, Reason

Shares = Callable[[int], float]  # of its weight that a provider gets now, by its id


@dataclass(frozen=True, slots=True)
class Question:
    """`path` is the client's; its route is found like a call's."""

    model: str
    path: str = "/v1/chat/completions"
    is_streaming: bool = False
    project: Project | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Of one provider. `tier` counts from 1 in the order of trial; None: it is not asked, `reason` says why.

    `share` is of the calls, while its tier is the first with anybody well.
    """

    provider: Provider
    tier: int | None = None
    share: float = 0.0
    model: str | None = None
    rule: str = ""
    reason: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """`refusal` is what the caller gets instead of an answer; `kept_by` is where what it makes is kept."""

    lines: tuple[Line, ...]
    model: str | None
    route: Route | None
    refusal: RelayError | None = None
    own_key: bool = False
    is_last_resort: bool = False
    kept_by: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as a call of this configuration."""

    call: Call
    route: Route | None
    model: str | None
    snapshot: Snapshot
    shares: Shares

    def destination(self, lines: Iterable[Line], **more: Any) -> Destination:
        return Destination(tuple(lines), self.model, self.route, **more)


def find(question: Question, snapshot: Snapshot, shares: Shares) -> Destination:
    asked, project = _asked(question, snapshot, shares), question.project
    try:
        _check(asked, project)
        own = ownkeys.candidate_of(project, snapshot, asked.call, asked.model)
    except RelayError as error:
        return asked.destination((), refusal=error)
    call, catalogue, tie = asked.call, snapshot.catalogue, stickiness.tie_of(asked.call)
    found = catalogue.candidates(asked.model, call.endpoint, call.is_streaming, asked.route)
    allowed, denied = policy.permitted(call, found, snapshot.settings)
    if own is not None:
        may_be_shared = project is not None and project.allow_shared_providers and not tie
        return _of_own_key(asked, own, allowed if may_be_shared else ())
    if not allowed:
        refusal = denied or catalogue.why_none(asked.model, call.endpoint, asked.route)
        return asked.destination(_others(asked, (), found), refusal=refusal)
    kept_by = ""
    if len(allowed) > 1 and tie:
        owner = f"project:{project.id}" if project else ""
        kept_by = stickiness.at_home(allowed, owner)[0].provider.provider_key
    lines = _tiers(asked, allowed)
    return asked.destination(
        (*lines, *_others(asked, allowed, found)),
        refusal=None if any(line.tier for line in lines) else errors.no_weight(),
        is_last_resort=not any(c.provider.weight * shares(c.provider.id) for c in allowed),
        kept_by=kept_by,
    )


def _asked(question: Question, snapshot: Snapshot, shares: Shares) -> _Asked:
    route = routes.find(snapshot.routes, question.path)
    scope = {
        "method": "POST", "path": question.path, "raw_path": quote(question.path).encode(),
        "query_string": b"", "headers": [(b"content-type", b"application/json")], "http_version": "1.1",
    }  # fmt: skip
    document: dict[str, Any] = {"model": question.model} if question.model else {}
    document |= {"stream": True} if question.is_streaming else {}
    call = read_head(scope, routes.version_prefix(route))
    call.body, call.document, call.model = orjson.dumps(document), document, question.model or None
    call.is_streaming = question.is_streaming
    return _Asked(call, route, edits.begin(call, snapshot.settings).model, snapshot, shares)


def _check(asked: _Asked, project: Project | None) -> None:
    """What stands before the choice of a provider. Raises RelayError."""
    key, settings = Key("", "credential", "", "", project=project), asked.snapshot.settings
    if project is not None and not project.is_active:
        raise errors.inactive_project(project.name)
    policy.check_head(asked.call, key, settings)
    if asked.route is not None:
        routes.check_body(asked.call, asked.route)
    policy.check_body(asked.call, key, settings, asked.model)


def _of_own_key(asked: _Asked, own: Candidate, shared: tuple[Candidate, ...]) -> Destination:
    """Its provider first; the others stand in for it where the project allows that."""
    first = _line(asked, own, 1, 1.0)
    after = _tiers(asked, tuple(c for c in shared if c.provider.id != own.provider.id))
    after = tuple(replace(line, tier=line.tier + 1) if line.tier else line for line in after)
    told = {own.provider.id, *(line.provider.id for line in after)}
    rest = (Line(each, reason="own_key") for each in asked.snapshot.providers if each.id not in told)
    return asked.destination((first, *after, *rest), own_key=True)


def _tiers(asked: _Asked, candidates: tuple[Candidate, ...]) -> tuple[Line, ...]:
    """As `routing.in_turn` orders them. Where all are left out, they are asked all the same."""
    weights = {c.provider.id: c.provider.weight * asked.shares(c.provider.id) for c in candidates}
    if not any(weights.values()):
        weights = {c.provider.id: float(c.provider.weight) for c in candidates}
    totals: dict[int, float] = defaultdict(float)
    for candidate in candidates:
        totals[candidate.provider.priority] += weights[candidate.provider.id]
    tiers = [priority for priority in sorted(totals) if totals[priority]]
    lines = []
    for candidate in sorted(candidates, key=lambda c: c.provider.priority):
        provider, weight = candidate.provider, weights[candidate.provider.id]
        if weight:
            place, share = tiers.index(provider.priority) + 1, weight / totals[provider.priority]
            lines.append(_line(asked, candidate, place, share))
        else:
            lines.append(Line(provider, reason="left_out" if provider.weight else "weight"))
    return tuple(sorted(lines, key=lambda line: line.tier is None))


def _line(asked: _Asked, candidate: Candidate, tier: int, share: float) -> Line:
    rules = mapping.compile(candidate.provider.model_mapping)
    rule = rules.rule(asked.model) if asked.model else ""
    return Line(candidate.provider, tier, share, candidate.model, rule)


def _others(asked: _Asked, allowed: tuple[Candidate, ...], found: tuple[Candidate, ...]) -> Iterator[Line]:
    """Those that are no candidates."""
    kept = {candidate.provider.id for candidate in allowed}
    could = {candidate.provider.id for candidate in found}
    call, catalogue = asked.call, asked.snapshot.catalogue
    for provider in asked.snapshot.providers:
        if provider.id in kept:
            continue
        if provider.id in could:
            yield Line(provider, reason="policy")
            continue
        why = catalogue.why_not(provider, asked.model, call.endpoint, call.is_streaming, asked.route)
        yield Line(provider, reason=why, words=catalogue.problem(provider) if why is Reason.UNUSABLE else "")
