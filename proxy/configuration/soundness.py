"""What in the stored configuration cannot work, in words: for `check`, and for the start of the server."""

from __future__ import annotations

from collections.abc import Iterator

from .. import processors
from ..processors.options import Invalid
from ..request import endpoints
from .configuration import Route, Snapshot

_CHAT = endpoints.find("/v1/chat/completions")


def problems(snapshot: Snapshot) -> list[str]:
    """A sentence each; none of them keeps the rest from working."""
    return [*_of_providers(snapshot), *_of_routes(snapshot), *_of_settings(snapshot)]


def _of_providers(snapshot: Snapshot) -> Iterator[str]:
    if not snapshot.providers:
        yield "No provider is enabled: every call is answered with an error."
    for error in snapshot.catalogue.problems():
        yield error.message


def _of_routes(snapshot: Snapshot) -> Iterator[str]:
    enabled = {provider.id for provider in snapshot.providers}
    for route in snapshot.routes:
        if route.provider_ids and not route.provider_ids & enabled:
            yield f"Route {route.name} leads only to providers that are switched off."
        if not (route.allow_streaming or route.allow_non_streaming):
            yield f"Route {route.name} allows neither streams nor answers in one piece."
        yield from _of_processors(route)


def _of_processors(route: Route) -> Iterator[str]:
    for processor in route.processors:
        try:
            processors.types.of(processor)
        except Invalid as error:
            yield f"Processor {processor.name} of route {route.name}: {error.message}"


def _of_settings(snapshot: Snapshot) -> Iterator[str]:
    config = snapshot.settings
    model = config.default_model
    if model and snapshot.providers and not snapshot.catalogue.candidates(model, _CHAT):
        yield f"The default model {model} is served by no provider that can be used."
    for name, first, longest in (
        ("429", config.breaker.base_429_cooldown_seconds, config.breaker.max_429_cooldown_seconds),
        ("open", config.breaker.base_open_duration_seconds, config.breaker.max_open_duration_seconds),
    ):
        if first > longest:
            yield f"The breaker's first rest ({name}, {first:g} s) is longer than its longest, {longest:g} s."
