from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from proxy.health import standing
from proxy.health.table import Table
from proxy.models import Provider
from proxy.simulator import Simulator
from relay.health import lag, vitals
from relay.health.vitals import Cached

URL = "/health/detailed"


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.JOURNAL_DIR = tmp_path
    settings.REDIS_URL = ""
    table = Table(tmp_path)
    monkeypatch.setattr(standing, "table", lambda: table)
    monkeypatch.setattr(vitals, "LEAST_FREE_BYTES", 0)
    monkeypatch.setattr(lag, "absence", lag.Absence())  # a test before it may have asked long ago
    vitals.vitals.forget()
    yield
    vitals.vitals.forget()
    table.close()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def add(name: str, base: str) -> None:
    Provider.objects.create(provider_key=name, api_base=base, api_key="sk-1")


def ask(client: Client, bearer: str | None = None) -> Any:
    token = django_settings.MANAGEMENT_TOKEN if bearer is None else bearer
    return client.get(URL, headers={"authorization": f"Bearer {token}"} if token else {})


def test_everything_is_told_to_who_may(client: Client, db: None, simulator: Simulator) -> None:
    add("well", simulator.base_url)
    shown = ask(client).json()
    assert shown["status"] == "ok"
    assert shown["redis"] is None
    for part in ("database", "recorder", "journal"):
        assert shown[part]["ok"] and shown[part]["message"]
    (provider,) = shown["providers"]
    assert (provider["name"], provider["ok"], provider["state"]) == ("well", True, "healthy")
    assert "version" in shown and "checked_at" in shown


@pytest.mark.parametrize("bearer", ["", "wrong"])
def test_everybody_else_gets_a_word(client: Client, db: None, simulator: Simulator, bearer: str) -> None:
    add("well", simulator.base_url)
    response = ask(client, bearer)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_staff_see_it_in_their_session(admin_client: Client, db: None) -> None:
    assert "database" in ask(admin_client, "").json()


def test_one_provider_that_is_gone_is_degraded_and_all_of_them_are_down(
    client: Client, db: None, simulator: Simulator
) -> None:
    add("gone", "http://127.0.0.1:1")
    down = ask(client)
    assert (down.status_code, down.json()["status"]) == (503, "down")
    assert down.json()["providers"][0]["fault"] == "refused_connection"
    add("well", simulator.base_url)
    vitals.vitals.forget()
    degraded = ask(client)
    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")


def test_without_a_provider_it_is_down(client: Client, db: None) -> None:
    assert ask(client).status_code == 503


def test_a_full_disk_and_a_redis_that_is_away_are_told(
    client: Client, db: None, simulator: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("well", simulator.base_url)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(vitals, "LEAST_FREE_BYTES", 1 << 80)
    shown = ask(client).json()
    assert (shown["status"], shown["redis"]["ok"], shown["journal"]["ok"]) == ("degraded", False, False)
    settings.JOURNAL_DIR = Path("/nowhere")
    vitals.vitals.forget()
    assert "cannot be used" in ask(client).json()["journal"]["message"]


def test_it_holds_for_seconds_however_many_ask(client: Client, db: None, simulator: Simulator) -> None:
    add("well", simulator.base_url)
    for bearer in ("", None, None):
        ask(client, bearer)
    assert len(simulator.requests) == 1


def test_what_is_kept_is_made_again_when_it_is_old() -> None:
    made = iter(range(9))
    assert [Cached(lambda: next(made), 60).get() for _ in range(2)] == [0, 1]
    kept = Cached(lambda: next(made), 60)
    assert [kept.get(), kept.get()] == [2, 2]
    old = Cached(lambda: next(made), -1)
    assert [old.get(), old.get()] == [3, 4]
