"""How long a call waits: as its route says, else the provider, else the settings."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from ..configuration.configuration import Provider, Route, Settings

T = TypeVar("T")


class Patience(NamedTuple):
    """In seconds; None waits for ever."""

    connect_seconds: float | None
    first_byte_seconds: float | None
    idle_seconds: float | None

    @classmethod
    def of(cls, route: Route | None, provider: Provider, settings: Settings) -> Patience:
        own = route or provider
        return cls(
            first_set(
                own.connect_timeout_seconds,
                provider.connect_timeout_seconds,
                settings.connect_timeout_seconds,
            ),
            first_set(
                own.first_byte_timeout_seconds,
                provider.first_byte_timeout_seconds,
                settings.first_byte_timeout_seconds,
            ),
            first_set(own.idle_timeout_seconds, provider.idle_timeout_seconds, settings.idle_timeout_seconds),
        )


def total_seconds(route: Route | None, provider: Provider, settings: Settings) -> float | None:
    """For all tries together; of several providers the first one's."""
    own = route or provider
    return first_set(
        own.total_timeout_seconds, provider.total_timeout_seconds, settings.total_timeout_seconds
    )


def first_set(own: T | None, providers: T | None, general: T) -> T:
    if own is not None:
        return own
    return general if providers is None else providers
