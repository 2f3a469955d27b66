from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.simulator import Simulator

if TYPE_CHECKING:
    from tests.proxy.lanes import Lane


@pytest.fixture
async def lane(tmp_path: Path, sim: Simulator) -> AsyncIterator[Lane]:
    """A lane with a cache in memory."""
    from tests.proxy.cache import caches  # needs Django set up, which is later than this file is read

    async with caches.lane_with_cache(tmp_path, sim.base_url) as made:
        yield made
