"""A process of the lane tells what only it knows, every second."""

from __future__ import annotations

import asyncio

from django.conf import settings

from logs_app.metrics import published
from proxy import measures
from proxy.runtime import Runtime


async def run(process: str, runtime: Runtime) -> None:
    """Until it is cancelled. Writing some KB takes less time than a thread would."""
    publication = published.Publication(settings.METRICS_DIR, process)
    try:
        while True:
            publication.publish(measures.of(runtime))
            await asyncio.sleep(published.INTERVAL_SECONDS)
    finally:
        publication.withdraw()
