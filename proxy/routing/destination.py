"""Where a call would go, and why: what `routing` decides, told of every provider. Nothing is sent.

The order within a tier changes with every call, so what is told is each provider's share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from . import mapping, routes, routing, stickiness
from .catalogue import Candidate, Reason
from .routing import Health


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
    key: Key
    route: Route | None
    model: str | None
    snapshot: Snapshot
    health: Health

    def destination(self, lines: Iterable[Line], **more: Any) -> Destination:
        return Destination(tuple(lines), self.model, self.route, **more)


def find(question: Question, snapshot: Snapshot, health: Health) -> Destination:
    asked, project = _asked(question, snapshot, health), question.project
    try:
        _check(asked, project)
        allowed, own, refusal = routing.eligible(project, snapshot, asked.call, asked.model, asked.route)
    except RelayError as error:
        return asked.destination((), refusal=error)
    if own is not None:
        return _of_own_key(asked, own, allowed)
    if refusal is not None:
        return asked.destination(_others(asked, ()), refusal=refusal)
    kept_by = ""
    if len(allowed) > 1 and stickiness.tie_of(asked.call):
        kept_by = stickiness.at_home(allowed, stickiness.owner_of(asked.key))[0].provider.provider_key
    lines = _tiers(asked, allowed)
    refusal = None if any(line.tier for line in lines) else errors.no_weight()
    return asked.destination(
        (*lines, *_others(asked, allowed)),
        refusal=refusal,
        is_last_resort=refusal is None and not routing.tiers(allowed, health),
        kept_by=kept_by,
    )


def _asked(question: Question, snapshot: Snapshot, health: Health) -> _Asked:
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
    key = Key("", "credential", "", "", project=question.project)
    return _Asked(call, key, route, edits.begin(call, snapshot.settings).model, snapshot, health)


def _check(asked: _Asked, project: Project | None) -> None:
    """What stands before the choice of a provider. Raises RelayError."""
    key, settings = asked.key, asked.snapshot.settings
    if project is not None and not project.is_active:
        raise errors.inactive_project(project.name)
    policy.check_head(asked.call, key, settings)
    if asked.route is not None:
        routes.check_body(asked.call, asked.route)
    policy.check_body(asked.call, key, settings, asked.model)


def _of_own_key(asked: _Asked, own: Candidate, shared: tuple[Candidate, ...]) -> Destination:
    """Its provider first; the others stand in for it where the project allows that."""
    first = _line(asked, own, 1, 1.0)
    after = tuple(replace(line, tier=line.tier + 1) if line.tier else line for line in _tiers(asked, shared))
    told = {own.provider.id, *(line.provider.id for line in after)}
    rest = (Line(each, reason="own_key") for each in asked.snapshot.providers if each.id not in told)
    return asked.destination((first, *after, *rest), own_key=True)


def _tiers(asked: _Asked, candidates: tuple[Candidate, ...]) -> tuple[Line, ...]:
    """As `routing.in_turn` orders them. Where all are left out, they are asked all the same, one by one."""
    tiers = routing.tiers(candidates, asked.health)
    tiers = tiers or [[(each, 1.0)] for each in routing.by_hope(candidates, asked.health)]
    lines = []
    for place, tier in enumerate(tiers, 1):
        total = sum(weight for _, weight in tier)
        lines += [_line(asked, candidate, place, weight / total) for candidate, weight in tier]
    told = {line.provider.id for line in lines}
    rest = sorted((c.provider for c in candidates if c.provider.id not in told), key=lambda p: p.priority)
    return (*lines, *(Line(each, reason="left_out" if each.weight else "weight") for each in rest))


def _line(asked: _Asked, candidate: Candidate, tier: int, share: float) -> Line:
    rules = mapping.compile(candidate.provider.model_mapping)
    rule = rules.rule(asked.model) if asked.model else ""
    return Line(candidate.provider, tier, share, candidate.model, rule)


def _others(asked: _Asked, allowed: tuple[Candidate, ...]) -> Iterator[Line]:
    """Those that are no candidates."""
    call, catalogue = asked.call, asked.snapshot.catalogue
    found = catalogue.candidates(asked.model, call.endpoint, call.is_streaming, asked.route)
    kept = {candidate.provider.id for candidate in allowed}
    could = {candidate.provider.id for candidate in found}
    for provider in asked.snapshot.providers:
        if provider.id in kept:
            continue
        if provider.id in could:
            yield Line(provider, reason="policy")
            continue
        why = catalogue.why_not(provider, asked.model, call.endpoint, call.is_streaming, asked.route)
        yield Line(provider, reason=why, words=catalogue.problem(provider) if why is Reason.UNUSABLE else "")
