from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from accounts.budgets import budget
from accounts.models import Credential
from proxy.limits.local import LocalLimiter
from proxy.limits.looking import remaining


@pytest.fixture(autouse=True)
def apart(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.REDIS_URL = tmp_path, ""


async def take(settings: Any, row: Credential, times: int) -> None:
    limiter = LocalLimiter(settings.DATA_DIR)
    for _ in range(times):
        await limiter.take(budget.of("credential:7", "", row), (1, 0, 0))
    await limiter.aclose()


async def test_what_is_left_is_told_by_limit(settings: Any) -> None:
    row = Credential(pk=7, rate_limit_per_minute=10, tokens_per_minute=500, max_concurrent_streams=2)
    await take(settings, row, 3)
    left = await asyncio.to_thread(remaining, "credential", 7, row)
    assert left == {"rate_limit_per_minute": 7, "tokens_per_minute": 500}


def test_nothing_is_left_of_no_limit(tmp_path: Path) -> None:
    assert remaining("credential", 7, Credential(pk=7)) == {}
    assert list(tmp_path.iterdir()) == []
