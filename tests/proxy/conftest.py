from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.simulator import Simulator
from tests.scratch import scratch  # noqa: F401

if TYPE_CHECKING:
    from tests.proxy.lanes import Lane


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """A provider in the test's own event loop."""
    async with Simulator() as running:
        yield running


@pytest.fixture
async def lane(tmp_path: Path, sim: Simulator) -> AsyncIterator[Lane]:
    from tests.proxy import lanes  # needs Django set up, which is later than this file is read

    async with lanes.running(tmp_path, sim.base_url) as made:
        yield made
