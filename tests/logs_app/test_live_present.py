from __future__ import annotations

import asyncio

import pytest

from logs_app.live.present import Present


@pytest.mark.django_db(transaction=True)
async def test_what_is_new_is_found_out_once_and_only_while_somebody_watches(settings, tmp_path):
    settings.LIVE_SOCKET = tmp_path / "nobody"
    present = Present()
    async with present, present:
        work = present._work
        assert len(work) == 2  # for both of them
        while present.position is None or not present.is_recorder_away:
            await asyncio.wait_for(present.after(present.version), 20)
    await asyncio.wait(work, timeout=20)
    assert all(task.cancelled() for task in work)
    async with present:
        assert present._work != work
    await asyncio.wait(present._work, timeout=20)
