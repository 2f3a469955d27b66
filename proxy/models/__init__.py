"""Where calls go, and what holds for all of them."""

from __future__ import annotations

from .keeping import KeptObject
from .providers import Provider
from .purges import CachePurge
from .routes import OnError, Processor, Route, RouteProcessor
from .settings import ProviderChoice, RelaySettings
from .validation import TIMEOUTS

__all__ = [
    "TIMEOUTS",
    "CachePurge",
    "KeptObject",
    "OnError",
    "Processor",
    "Provider",
    "ProviderChoice",
    "RelaySettings",
    "Route",
    "RouteProcessor",
]
