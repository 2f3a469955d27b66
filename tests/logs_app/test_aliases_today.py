from __future__ import annotations

import pytest
from django.test import Client, override_settings

from tests.logs_app.records import add_record, many

pytestmark = pytest.mark.django_db
TOKEN = "token-of-today"


@pytest.fixture(autouse=True)
def token():
    with override_settings(MANAGEMENT_TOKEN=TOKEN):
        yield


def asked(client: Client):
    return client.get("/admin/dashboard/stats", headers={"Authorization": f"Bearer {TOKEN}"})


def test_a_day_at_a_glance(client: Client) -> None:
    many(3, model="gpt-4o", is_streaming=True)
    add_record(opened_with={"model": "gpt-5"}, closed_with={"outcome": "failed"})
    found = asked(client).json()
    assert found["model_usage"] == {"gpt-4o": 3, "gpt-5": 1}
    assert (found["today_requests"], found["today_success_rate"]) == (4, 75.0)
    assert (found["stream_percentage"], found["error_rate_24h"]) == (75.0, 25.0)
    assert found["p95_latency"] > 0


def test_an_empty_day_is_no_error(client: Client) -> None:
    empty = {"today_requests": 0, "today_success_rate": 0.0, "p95_latency": None, "model_usage": {}}
    assert asked(client).json() == empty | {"stream_percentage": 0.0, "error_rate_24h": 0.0}


def test_it_is_for_those_who_may_see_records(client: Client) -> None:
    assert client.get("/admin/dashboard/stats").status_code == 401
