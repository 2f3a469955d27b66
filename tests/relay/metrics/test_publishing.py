from __future__ import annotations

import asyncio
from contextlib import suppress

from logs_app.metrics import published
from relay.metrics import publishing
from tests.proxy.conftest import lane, sim  # noqa: F401
from tests.proxy.lanes import Lane, until


async def test_a_worker_is_heard_of_until_its_end(lane: Lane, settings, tmp_path) -> None:  # noqa: F811
    settings.METRICS_DIR = tmp_path
    task = asyncio.ensure_future(publishing.run("worker 7", lane.runtime))
    await until(lambda: dict(published.read(tmp_path)))
    ((process, samples),) = published.read(tmp_path)
    assert process == "worker 7"
    assert "llm_proxy_active_streams" in {sample.name for sample in samples}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert dict(published.read(tmp_path)) == {}
