from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Credential
from relay import VERSION


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/healthz", "/health/"])
def test_health_tells_version_and_counts(client: Client, path: str) -> None:
    Credential.objects.create(name="one", digest=b"1" * 32, prefix="sk-1…")
    answer = client.get(path).json()
    assert (answer["status"], answer["version"], answer["credentials_count"]) == ("ok", VERSION, 1)
    assert answer["providers_count"] == 0
    assert answer["timestamp"].endswith("+00:00")


@pytest.mark.parametrize("path", ["/live", "/live/"])
def test_live_needs_no_database(client: Client, path: str) -> None:
    assert client.get(path).json() == {"status": "alive"}


@pytest.mark.django_db
def test_ready_when_the_database_answers(client: Client) -> None:
    response = client.get("/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "reasons": []})


@pytest.mark.django_db(transaction=True)
def test_not_ready_names_the_reason_when_the_database_is_away(client: Client, broken_database: None) -> None:
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["The database 'default' does not answer (OperationalError)."]
    assert response["retry-after"] == "5"


@pytest.mark.django_db(transaction=True)
def test_health_is_200_with_null_counts_when_the_database_is_away(
    client: Client, broken_database: None
) -> None:
    response = client.get("/health")
    assert (response.status_code, response.json()["providers_count"]) == (200, None)


@pytest.fixture
def broken_database() -> Iterator[None]:
    """The connection goes to a place where no database is."""
    connection.close()
    good = dict(connection.settings_dict)
    bad = (
        {"HOST": "127.0.0.1", "PORT": "1"}
        if connection.vendor == "postgresql"
        else {"NAME": "/nowhere/relay.db"}
    )
    connection.settings_dict.update(bad)
    yield
    connection.close()
    connection.settings_dict.update(good)


def test_probes_are_not_cached(client: Client) -> None:
    assert "no-store" in client.get("/live")["cache-control"]


def test_the_root_leads_to_the_admin(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response["location"]) == (302, "/admin/")


def test_probes_take_no_post(client: Client) -> None:
    assert client.post("/health").status_code == 405
