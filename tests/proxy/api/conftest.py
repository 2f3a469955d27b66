from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.health import standing
from proxy.health.table import Table
from tests.accounts.api.conftest import API, anonymous, api, fresh_throttle, session, staff

__all__ = ["API", "anonymous", "api", "fresh_throttle", "session", "staff"]


@pytest.fixture(autouse=True)
def health_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """What is known of providers, for one test only: ids repeat."""
    table = Table(tmp_path)
    monkeypatch.setattr(standing, "table", lambda: table)
    yield table
    table.close()


@pytest.fixture
def provider(api: API) -> dict[str, Any]:
    given = {"provider_key": "main", "api_base": "https://a.example", "api_key": "sk-of-the-provider-1"}
    return api.post("/manage/providers", given).json()
