"""Who serves what: the providers of one configuration, indexed, so that a call asks a dictionary.

Pure. A question that was asked before costs one look-up; a new one as much as there are patterns that begin
like the model's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import errors, provider_types, refusals
from ..access import patterns
from ..request import endpoints
from ..sending import addresses
from . import mapping
from .mapping import BadMapping, ModelMapping

if TYPE_CHECKING:
    from ..configuration.configuration import Provider, Route
    from ..errors import RelayError
    from ..provider_types import ProviderType
    from ..request.endpoints import Endpoint
    from .modelpatterns import ModelPattern

# Of all questions together; clients choose the names they ask for, so that most could be new ones.
_REMEMBERED_CANDIDATES = 50_000
_QUESTION_WEIGHT = 8  # in candidates
_REMEMBERED_CHARACTERS = 200  # longer names are not worth the memory
_STREAMS = "supports_streaming"
_MODELS = endpoints.find("/v1/models")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that may take a call, the name it knows the model by, and what its mapping tells of that."""

    provider: Provider
    model: str | None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Reason(StrEnum):
    """Why a provider is no candidate: the first of its questions that it answers with no."""

    NOT_OF_THE_ROUTE = "not_of_the_route"
    UNUSABLE = "unusable"
    ENDPOINT = "endpoint"
    MODEL = "model"
    STREAM = "stream"
    NOT_AT_HOME = "not_at_home"  # it could, but another one is made for this endpoint


class Listing(NamedTuple):
    provider: Provider
    mapping: ModelMapping
    has_list: bool  # whether it may be asked which models it has


class _Entry(NamedTuple):
    provider: Provider
    kind: ProviderType | None
    mapping: ModelMapping | None
    problem: str | None


class Catalogue:
    """Of one tuple of providers; it never changes."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        self.providers = providers
        self.needs_models = len(providers) > 1 or any(map(_depends_on_model, providers))
        self.internal_hosts = addresses.allowed_hosts(providers)
        policies = [provider.policy for provider in providers if not provider.policy.allows_all]
        self.has_policies = bool(policies)
        self.has_param_rules = any(policy.param_whitelist for policy in policies)
        self.allowed_origins = tuple(origin for policy in policies for origin in policy.allowed_origins)
        self._entries = tuple(map(_entry, providers))
        self._names: dict[str, list[int]] = {}
        self._patterns = _PatternIndex()
        self._open: list[int] = []
        for at, entry in enumerate(self._entries):
            self._index(at, entry)
        self._known: dict[tuple[Any, ...], tuple[Candidate, ...]] = {}
        self._known_weight = 0

    def candidates(
        self, model: str | None, endpoint: Endpoint, is_streaming: bool = False, route: Route | None = None
    ) -> tuple[Candidate, ...]:
        """In the order of configuration. Empty: `why_none` tells why."""
        question = (model, endpoint.path or endpoint.template, is_streaming, route and route.provider_ids)
        found = self._known.get(question)
        if found is None:
            found = tuple(self._find(model, endpoint, is_streaming, route))
            self._remember(question, found)
        return found

    def candidate(
        self, provider: Provider, model: str | None, endpoint: Endpoint, is_streaming: bool = False
    ) -> Candidate:
        """This one provider, which need not be of the catalogue (a project's own key). Raises RelayError."""
        entry = _entry(provider)
        found = _checked(entry, model, endpoint, is_streaming)
        if found is None:
            raise _why((entry,), model, endpoint)
        return found

    def why_none(self, model: str | None, endpoint: Endpoint, route: Route | None = None) -> RelayError:
        """What to answer when there are no candidates."""
        within = tuple(entry for entry in self._entries if _is_within(entry, route))
        if route is not None and self._entries and not within:
            return refusals.route_without_provider(route.name)
        return _why(within, model, endpoint)

    def why_not(
        self,
        provider: Provider,
        model: str | None,
        endpoint: Endpoint,
        is_streaming: bool,
        route: Route | None,
    ) -> Reason:
        """Of a provider that is not among the candidates."""
        entry = next(entry for entry in self._entries if entry.provider is provider)
        if not _is_within(entry, route):
            return Reason.NOT_OF_THE_ROUTE
        if _problem(entry):
            return Reason.UNUSABLE
        if not _serves(entry, endpoint):
            return Reason.ENDPOINT
        candidate = _target(entry, model)
        if candidate is None:
            return Reason.MODEL
        return Reason.STREAM if is_streaming and not _streams(candidate) else Reason.NOT_AT_HOME

    def problem(self, provider: Provider) -> str:
        """What keeps it from taking any call, in words."""
        entry = next(entry for entry in self._entries if entry.provider is provider)
        found = _problem(entry)
        return (entry.problem or found.message) if found else ""

    def problems(self) -> Iterator[RelayError]:
        """What keeps providers from taking any call."""
        yield from filter(None, map(_problem, self._entries))

    def listings(self, route: Route | None = None) -> list[Listing]:
        """The usable providers with the models they tell of."""
        found = (_listing(entry) for entry in self._entries if _is_within(entry, route))
        return [listing for listing in found if listing is not None]

    def listing(self, provider: Provider) -> Listing | None:
        """Of this one, which need not be of the catalogue."""
        return _listing(_entry(provider))

    def _find(
        self, model: str | None, endpoint: Endpoint, is_streaming: bool, route: Route | None
    ) -> list[Candidate]:
        entries = self._entries if model is None else self._serving(model)
        found = []
        for entry in entries:
            if _is_within(entry, route):
                candidate = _checked(entry, model, endpoint, is_streaming)
                if candidate is not None:
                    found.append((entry, candidate))
        at_home = [candidate for entry, candidate in found if _is_home(entry, endpoint)]
        return at_home or [candidate for _, candidate in found]

    def _serving(self, model: str) -> Iterable[_Entry]:
        found = {*self._open, *self._names.get(model, ()), *self._patterns.find(model)}
        return (self._entries[at] for at in sorted(found))

    def _index(self, at: int, entry: _Entry) -> None:
        if entry.mapping is None:
            return
        if entry.mapping.takes_all:
            self._open.append(at)
        for name in entry.mapping.names:
            self._names.setdefault(name, []).append(at)
        for pattern, _ in entry.mapping.patterns:
            self._patterns.add(pattern, at)

    def _remember(self, question: tuple[Any, ...], found: tuple[Candidate, ...]) -> None:
        """All is forgotten at once when it grows too large."""
        if len(question[0] or "") > _REMEMBERED_CHARACTERS:
            return
        weight = len(found) + _QUESTION_WEIGHT
        self._known_weight += weight
        if self._known_weight > _REMEMBERED_CANDIDATES:
            self._known.clear()
            self._known_weight = weight
        self._known[question] = found


class _PatternIndex:
    """Patterns by what they begin with, so that a name is compared with few of them."""

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}
        self._by_start: dict[str, list[ModelPattern]] = {}
        self._lengths: set[int] = set()

    def add(self, pattern: ModelPattern, at: int) -> None:
        if pattern.text not in self._places:
            self._places[pattern.text] = []
            self._by_start.setdefault(pattern.start, []).append(pattern)
            self._lengths.add(len(pattern.start))
        self._places[pattern.text].append(at)

    def find(self, model: str) -> Iterator[int]:
        for length in self._lengths:
            for pattern in self._by_start.get(model[:length], ()):
                if pattern.matches(model):
                    yield from self._places[pattern.text]


def _depends_on_model(provider: Provider) -> bool:
    """Whether a call cannot go there as it came without anybody knowing its model."""
    return bool(provider.model_mapping) or provider.provider_type not in ("openai", "anthropic")


def _entry(provider: Provider) -> _Entry:
    try:
        kind = provider_types.of(provider)
        compiled = mapping.compile(provider.model_mapping)
    except (provider_types.UnknownType, BadMapping) as error:
        return _Entry(provider, None, None, str(error))
    return _Entry(provider, kind, compiled, provider.error)


def _listing(entry: _Entry) -> Listing | None:
    if entry.mapping is None or _problem(entry) is not None:
        return None
    return Listing(entry.provider, entry.mapping, _serves(entry, _MODELS))


def _checked(entry: _Entry, model: str | None, endpoint: Endpoint, is_streaming: bool) -> Candidate | None:
    if _problem(entry) or not _serves(entry, endpoint):
        return None
    candidate = _target(entry, model)
    if candidate is None or is_streaming and not _streams(candidate):
        return None
    return candidate


def _target(entry: _Entry, model: str | None) -> Candidate | None:
    if model is None or entry.mapping is None:
        return Candidate(entry.provider, model)
    target = entry.mapping.upstream(model)
    return Candidate(entry.provider, target.name, target.metadata) if target else None


def _streams(candidate: Candidate) -> bool:
    return candidate.provider.supports_streaming and candidate.metadata.get(_STREAMS) is not False


def _is_within(entry: _Entry, route: Route | None) -> bool:
    return route is None or not route.provider_ids or entry.provider.id in route.provider_ids


def _serves(entry: _Entry, endpoint: Endpoint) -> bool:
    listed = entry.provider.endpoints
    if listed:
        return any(patterns.begins(endpoint.segments, each.split("/")) for each in listed)
    return entry.kind is None or entry.kind.serves(endpoint)


def _is_home(entry: _Entry, endpoint: Endpoint) -> bool:
    return bool(entry.provider.endpoints) or entry.kind is not None and entry.kind.is_home_of(endpoint)


def _problem(entry: _Entry) -> RelayError | None:
    """Why a provider cannot take any call."""
    provider = entry.provider
    if entry.problem:
        return errors.provider_unusable(provider.provider_key, entry.problem)
    if entry.kind is not None and not provider.api_key and entry.kind.needs_key(provider):
        return errors.provider_without_key(provider.provider_key)
    return None


def _why(entries: tuple[_Entry, ...], model: str | None, endpoint: Endpoint) -> RelayError:
    """The first question that nobody of them answers with yes."""
    if not entries:
        return errors.no_provider()
    serving = [entry for entry in entries if _serves(entry, endpoint)]
    if not serving:
        return refusals.endpoint_not_served("/v1/" + "/".join(endpoint.segments))
    able = [entry for entry in serving if entry.mapping is None or _target(entry, model)]
    if not able:
        return refusals.model_not_found(model or "")
    problems = [problem for problem in map(_problem, able) if problem]
    if len(problems) == len(able):
        return problems[0]
    return refusals.streaming_not_supported(model)
