"""What a worker makes of them is in test_worker.py; here they are paths of the one process of `daphne`."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient

from proxy import runtime
from relay.health import probes


@pytest.fixture
def install() -> Iterator[Any]:
    """A runtime whose configuration was read then, or never, with what is wrong with each provider."""

    def install(last_success: float | None, *errors: str | None) -> None:
        current = SimpleNamespace(providers=[SimpleNamespace(error=error) for error in errors])
        snapshots = SimpleNamespace(last_success=last_success, current=current)
        runtime.install(SimpleNamespace(snapshots=snapshots))  # type: ignore[arg-type]

    yield install
    runtime.install(None)


@pytest.mark.parametrize("path", ["/ready/calls", "/ready/calls/"])
async def test_ready_for_calls_without_a_database_once_the_configuration_was_read(
    async_client: AsyncClient, install: Any, path: str
) -> None:
    install(1.0)
    answer = await async_client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": []})
    assert "no-store" in answer["cache-control"]


@pytest.mark.parametrize(
    ("errors", "status"), [((None, "unreadable"), 200), (("unreadable", "not set"), 503)]
)
async def test_not_ready_for_calls_where_this_node_can_use_no_provider(
    async_client: AsyncClient, install: Any, errors: tuple[str | None, ...], status: int
) -> None:
    """A node without the encryption key of the others would refuse its share of the calls."""
    install(1.0, *errors)
    answer = await async_client.get("/ready/calls")
    assert answer.status_code == status
    assert answer.json()["reasons"] == ([] if status == 200 else [probes.UNUSABLE])
    assert "unreadable" not in answer.text


async def test_not_ready_for_calls_before_it_was_read(async_client: AsyncClient, install: Any) -> None:
    install(None)
    answer = await async_client.get("/ready/calls")
    assert (answer.status_code, answer["retry-after"]) == (503, "5")
    assert answer.json()["reasons"] == ["The configuration could not be read yet."]
