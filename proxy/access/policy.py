"""What calls may be like: the policy of all, the project's, the provider's, and the key's own list of models.

All of them must allow; a provider whose policy does not is not asked. What the head tells is judged before
any of the body is taken; a body is read only where a rule is about it, and then strictly: what cannot be read
is refused, never waved through. A refusal names what was asked for, and nothing that others may use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings

from accounts import policies

from .. import errors, refusals
from ..configuration.configuration import NO_POLICY, Key, Policy, Settings
from ..errors import RelayError
from ..headers import first
from ..request import modelnames, parameters
from ..request.parameters import Parameters, Path, Ways
from ..request.parsing import Call
from ..routing import modelpatterns
from . import patterns
from .patterns import Patterns

if TYPE_CHECKING:
    from ..routing.catalogue import Candidate

refusal_of = policies.refusal_of

# Servers differ in what they make of these.
_AMBIGUOUS_PATH = re.compile(r"//|/\.|[\\;%\x00-\x1f\x7f]")
_OTHER_PATHS = (b"x-original-url", b"x-rewrite-url")
_OTHER_METHODS = (b"x-http-method-override", b"x-http-method", b"x-method-override")
_BATCHES = re.compile(r"(?!.*/messages/).*/batches/?", re.IGNORECASE)
_MESSAGE_BATCHES = re.compile(r".*/messages/batches/?", re.IGNORECASE)
_MODEL = parameters.path_of("model")
_BATCHED = parameters.path_of("requests.params")

Rule = tuple[str, Path, Patterns]


def parse(policy: Any) -> Policy:
    """Fails closed: of a policy that cannot be understood comes one that allows nothing."""
    if error := refusal_of(policy):
        return Policy(error=error)
    given = {name: value for name, value in (policy or {}).items() if value}
    if not given:
        return NO_POLICY
    rules = given.get("param_whitelist", {}).items()
    return Policy(
        param_whitelist=tuple((name, tuple(map(_written, values))) for name, values in rules),
        allowed_origins=tuple(given.get("allowed_origins", ())),
        required_headers=tuple(name.lower() for name in given.get("required_headers", ())),
        allowed_endpoints=tuple(map(_without_version, given.get("allowed_endpoints", ()))),
        allowed_methods=tuple(method.upper() for method in given.get("allowed_methods", ())),
    )


def check_head(call: Call, key: Key, settings: Settings) -> None:
    """Raises RelayError."""
    policies_ = held_to(key, settings)
    if not policies_ and not reads_body(key, settings):
        return
    _check_path(call)
    for policy in policies_:
        _check_method(call, policy)
        _check_endpoint(call, policy)
        _check_required(call, policy)
    check_origin(call, key, settings)


def permitted(
    call: Call, candidates: tuple[Candidate, ...], settings: Settings
) -> tuple[tuple[Candidate, ...], RelayError | None]:
    """Those whose provider's own policy allows the call, and why the first of the others does not."""
    kept: list[Candidate] = []
    refusal: RelayError | None = None
    for candidate in candidates:
        try:
            _check_all(call, candidate.provider.policy, settings)
        except RelayError as error:
            refusal = refusal or error
        else:
            kept.append(candidate)
    return tuple(kept), refusal


def _check_all(call: Call, policy: Policy, settings: Settings) -> None:
    if policy is NO_POLICY:
        return
    _check_path(call)
    _check_method(call, policy)
    _check_endpoint(call, policy)
    _check_required(call, policy)
    _check_origin(call, policy)
    if not (rules := _rules(policy.param_whitelist)):
        return
    asked = _read(call)
    for rule in rules:
        names = modelnames.named(call, asked, settings.provider_suffix)
        _check_parameter(rule, names if rule[1] == _MODEL else asked.values(rule[1]))


def _check_path(call: Call) -> None:
    if is_ambiguous(call.path) or any(name in _OTHER_PATHS for name, _ in call.headers):
        raise refusals.ambiguous_path()


def is_ambiguous(path: str) -> bool:
    return _AMBIGUOUS_PATH.search(path) is not None


def check_origin(call: Call, key: Key, settings: Settings) -> None:
    """Raises RelayError. A call without Origin passes: `required_headers` is what asks for one."""
    for policy in held_to(key, settings):
        _check_origin(call, policy)


def _check_origin(call: Call, policy: Policy) -> None:
    if policy.error:
        raise refusals.policy_unusable(policy.error)
    check_origins(call, policy.allowed_origins)


def check_origins(call: Call, allowed: Patterns) -> None:
    """Each that the call has, where only some are allowed. Raises RelayError."""
    if not allowed:
        return
    for name, value in call.headers:
        if name == b"origin" and not patterns.matches(allowed, value.decode("latin-1")):
            raise refusals.origin_not_allowed(value.decode("latin-1"))


def reads_body(key: Key, settings: Settings) -> bool:
    """Whether a rule is about the body, which must then be there before anything is sent."""
    if settings.policy.param_whitelist or patterns.limits(key.allowed_models):
        return True
    project = key.project
    if project is None:
        return False
    return bool(project.policy.param_whitelist) or patterns.limits(project.allowed_models)


def check_body(call: Call, key: Key, settings: Settings, model: str | None) -> None:
    """Raises RelayError. `model` is the one that goes out, which may be the default."""
    if not reads_body(key, settings):
        return
    allowed, rules = list(_model_lists(key)), list(_rules_of(key, settings))
    if not allowed and not rules:
        return
    if _BATCHES.fullmatch(call.path) and call.method not in ("GET", "HEAD"):
        raise refusals.unreadable_request("the requests of a batch, which are in a file at the provider")
    suffix = settings.provider_suffix
    only = None if rules else modelnames.only_one(call)
    if only and modelnames.plain(only, suffix) == model:
        return _check_models(allowed, modelnames.spellings(only, suffix))
    asked = _read(call)
    names = [
        *modelnames.named(call, asked, suffix),
        *([modelnames.spellings(model, suffix)] if model else []),
    ]
    for name in names:
        _check_models(allowed, name)
    if not names and limits_models(key, settings) and modelnames.is_left_open(call, asked):
        raise refusals.model_not_named()
    for rule in rules:
        _check_parameter(rule, names if rule[1] == _MODEL else asked.values(rule[1]))


def allows_model(model: str, key: Key, settings: Settings) -> bool:
    """Whether there is a call with this model that would pass."""
    rules = (values for _name, path, values in _rules_of(key, settings) if path == _MODEL)
    ways = modelnames.spellings(model, settings.provider_suffix)
    return all(
        any(modelpatterns.fits(allowed, way) for way in ways) for allowed in _model_lists(key)
    ) and all(any(patterns.matches(allowed, way) for way in ways) for allowed in rules)


def limits_models(key: Key, settings: Settings) -> bool:
    has_rule = any(path == _MODEL for _name, path, _values in _rules_of(key, settings))
    return has_rule or next(_model_lists(key), None) is not None


def held_to(key: Key, settings: Settings) -> tuple[Policy, ...]:
    """All of these must allow; none for most keys."""
    own = key.project.policy if key.project is not None else NO_POLICY
    if settings.policy is NO_POLICY:
        return () if own is NO_POLICY else (own,)
    return (settings.policy,) if own is NO_POLICY else (settings.policy, own)


def _model_lists(key: Key) -> Iterator[Patterns]:
    if patterns.limits(key.allowed_models):
        yield key.allowed_models
    if key.project is not None and patterns.limits(key.project.allowed_models):
        yield key.project.allowed_models


def _rules_of(key: Key, settings: Settings) -> Iterator[Rule]:
    for policy in held_to(key, settings):
        yield from _rules(policy.param_whitelist)


@lru_cache(maxsize=1024)
def _rules(whitelist: tuple[tuple[str, Patterns], ...]) -> tuple[Rule, ...]:
    return tuple(
        (name, parameters.path_of(name), values)
        for name, values in whitelist
        if patterns.EVERYTHING not in values
    )


def _check_method(call: Call, policy: Policy) -> None:
    allowed = policy.allowed_methods
    if not allowed:
        return
    others = [value.decode("latin-1").upper() for name, value in call.headers if name in _OTHER_METHODS]
    for method in (call.method, *others):
        if method not in allowed and not (method == "HEAD" and "GET" in allowed):
            raise errors.method_not_allowed(method, ", ".join(allowed))


def _check_endpoint(call: Call, policy: Policy) -> None:
    if not policy.allowed_endpoints:
        return
    asked = _without_version(call.path).split("/")
    if not any(patterns.begins(asked, endpoint.split("/")) for endpoint in policy.allowed_endpoints):
        raise refusals.endpoint_not_found(call.path)


def _check_required(call: Call, policy: Policy) -> None:
    for name in policy.required_headers:
        if not first(call.headers, name.encode()).strip():
            raise refusals.header_required(name)


def _read(call: Call) -> Parameters:
    try:
        asked = parameters.read(call, django_settings.MAX_REQUEST_BYTES)
    except parameters.Unreadable as error:
        raise refusals.unreadable_request(str(error)) from error
    if _MESSAGE_BATCHES.fullmatch(call.path):
        asked.documents += [
            request for body in asked.documents for request in parameters.nodes(body, _BATCHED)
        ]
    return asked


def _check_models(allowed: Iterable[Patterns], name: Ways) -> None:
    for models in allowed:
        if not any(modelpatterns.fits(models, way) for way in name):
            raise refusals.model_not_allowed(name[0] if name else None)


def _check_parameter(rule: Rule, values: Iterable[Ways]) -> None:
    name, _path, allowed = rule
    for ways in values:
        if not any(patterns.matches(allowed, way) for way in ways):
            raise refusals.param_not_allowed(name, ways[0] if ways else None, allowed)


def _written(value: Any) -> str:
    """Numbers and booleans as they are in JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _without_version(path: str) -> str:
    path = path.strip("/")
    return "*" if path == "v1" else path.removeprefix("v1/")
