"""How events come to dispatchers: see docs/events.md."""

from __future__ import annotations

from django.conf import settings

from logs_app.bus.bus import LEASE_SECONDS, Bus, Lot, Overtaken
from logs_app.bus.database import DatabaseBus
from logs_app.bus.redis import RedisBus

__all__ = ["Bus", "Lot", "Overtaken", "open_bus"]


def open_bus(subscriber: str, owner: str, lease_seconds: float = LEASE_SECONDS) -> Bus:
    """LLM_PROXY_EVENT_BUS says which; `in-memory` and `redis-streams` are names of an earlier system."""
    if settings.LLM_PROXY_EVENT_BUS.startswith("redis"):
        return RedisBus(subscriber, owner, settings.REDIS_URL, lease_seconds)
    return DatabaseBus(subscriber, owner, lease_seconds)
