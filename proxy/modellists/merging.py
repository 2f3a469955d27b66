"""One list of models over all providers that a key can reach, in OpenAI's shape.

From a mapping come the names it spells out, with what it tells of them; where it has patterns, or where there
is none, the provider's own list is asked. The first provider that has a name stands as its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from .. import refusals
from ..access.policy import allows_model
from ..configuration.configuration import Key, Route, Snapshot
from ..exchange import Exchange
from ..request import modelnames
from ..request.parsing import Call
from ..routing import ownkeys
from ..routing.catalogue import Listing
from ..runtime import Runtime

_TEMPLATES = ("/v1/models", "/v1/models/{model}")

Model = dict[str, Any]


def is_ours(exchange: Exchange, snapshot: Snapshot) -> bool:
    """Whether we answer: with one provider that takes every model, its own answer is the list."""
    call = exchange.call
    if call.endpoint.template not in _TEMPLATES or call.method not in ("GET", "HEAD"):
        return False
    match _reachable(exchange.key, snapshot, exchange.route):
        case []:
            return False
        case [only]:
            return not (only.mapping.takes_all and only.has_list)
    return True


async def body(exchange: Exchange, runtime: Runtime) -> bytes:
    """Raises RelayError."""
    snapshot = runtime.snapshots.current
    key = exchange.key
    assert key is not None
    reachable = _reachable(key, snapshot, exchange.route)
    found = await _listed(reachable, runtime)
    name = modelnames.in_path(exchange.call.path)
    if name is not None:
        return orjson.dumps(_one(modelnames.plain(name, snapshot.settings.provider_suffix), found, reachable))
    allowed = [model for name, model in found.items() if allows_model(name, key, snapshot.settings)]
    return orjson.dumps({"object": "list", "data": allowed} | _for_anthropic(exchange.call, allowed))


async def names(key: Key, runtime: Runtime) -> list[str]:
    """Of the models that this key may ask for and a provider is known to have, in order."""
    snapshot = runtime.snapshots.current
    found = await _listed(_reachable(key, snapshot), runtime)
    return sorted(name for name in found if allows_model(name, key, snapshot.settings))


def _reachable(key: Key | None, snapshot: Snapshot, route: Route | None = None) -> list[Listing]:
    project = key.project if key else None
    own = ownkeys.provider_of(project, snapshot)
    listings = snapshot.catalogue.listings(route)
    if own is None or project is None:
        return listings
    mine = snapshot.catalogue.listing(own)
    others = [each for each in listings if each.provider.id != own.id]
    return [each for each in (mine, *(others if project.allow_shared_providers else ())) if each]


async def _listed(reachable: list[Listing], runtime: Runtime) -> dict[str, Model]:
    asked = [
        each for each in reachable if each.has_list and (each.mapping.takes_all or each.mapping.patterns)
    ]
    names = dict(
        zip(map(id, asked), await runtime.listings.of([each.provider for each in asked]), strict=True)
    )
    found: dict[str, Model] = {}
    for each in reachable:
        for name, metadata in _names_of(each, names.get(id(each), ())).items():
            found.setdefault(name, _model(name, each.provider.provider_key, metadata))
    return found


def _names_of(listing: Listing, own: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    found = {name: target.metadata for name, target in listing.mapping.listed().items()}
    for upstream in own:
        for name in (upstream,) if listing.mapping.takes_all else sorted(listing.mapping.asking(upstream)):
            target = listing.mapping.upstream(name)
            found.setdefault(name, target.metadata if target else {})
    return found


def _one(name: str, found: dict[str, Model], reachable: list[Listing]) -> Model:
    """One that only a pattern leads to cannot be listed, and can be called all the same."""
    if name in found:
        return found[name]
    for each in reachable:
        if not each.mapping.takes_all and (target := each.mapping.upstream(name)):
            return _model(name, each.provider.provider_key, target.metadata)
    raise refusals.model_not_found(name)


def _model(name: str, owner: str, metadata: Mapping[str, Any]) -> Model:
    # When it was made nobody here knows; the members are OpenAI's.
    return {"id": name, "object": "model", "created": 0, "owned_by": owner, **metadata}


def _for_anthropic(call: Call, models: list[Model]) -> Model:
    """What clients of that protocol look for beside it."""
    if not any(name == b"anthropic-version" for name, _ in call.headers):
        return {}
    for model in models:
        model |= {"type": "model", "display_name": model["id"], "created_at": "1970-01-01T00:00:00Z"}
    first, last = (models[0]["id"], models[-1]["id"]) if models else (None, None)
    return {"has_more": False, "first_id": first, "last_id": last}
