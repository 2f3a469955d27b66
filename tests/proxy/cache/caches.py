"""Caches and entries of a test's making."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from proxy.cache.cache import Cache
from proxy.cache.entry import Entry, Label
from proxy.cache.freshness import Terms
from proxy.cache.memory import MemoryStore
from proxy.cache.store import Counters, Store
from tests.proxy.lanes import Lane, running

JSON = [(b"content-type", b"application/json")]
LABEL = Label("POST", "/v1/chat/completions", "", ("gpt-4o",), "p1", ())


def entry(body: bytes = b"{}", **given: Any) -> Entry:
    terms = given.pop("terms", Terms(time.time(), 0.0, 300.0))
    made = Entry(list(JSON), body, terms, LABEL, "default", "1", "gpt-4o", "gpt-4o")
    return replace(made, **given)


def cache(store: Store | None = None, **given: Any) -> Cache:
    counters = Counters()
    options = {
        "default_ttl": 300,
        "object_bytes": 1 << 20,
        "memory_bytes": 64 << 20,
        "stores_streams": True,
        **given,
    }
    return Cache(store or MemoryStore(options["memory_bytes"], counters), counters, **options)


@asynccontextmanager
async def lane_with_cache(directory: Path, base_url: str, **given: Any) -> AsyncIterator[Lane]:
    async with running(directory, base_url) as lane:
        lane.runtime.cache = cache(**given)
        yield lane
