from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from logs_app.identifiers import first_id
from logs_app.models import LogRecord
from logs_app.retention import forecast
from logs_app.retention.forecast import Forecast

pytestmark = pytest.mark.django_db
PAGE = "/admin/logs_app/logsettings/forecast/"


@pytest.fixture(autouse=True)
def records() -> None:
    LogRecord.objects.all().delete()
    for seq, days in enumerate((0, 3, 10, 100)):
        at = datetime.now(UTC) - timedelta(days=days, minutes=1)
        LogRecord.objects.create(
            id=first_id(at), node="forecast", seq=seq, request_id=str(seq), created_at=at, finished_at=at,
            latency_ms=1, method="POST", path="/v1/x", endpoint="/v1/x", is_streaming=False,
            outcome="completed", request_bytes=100, response_bytes=900,
        )  # fmt: skip


def test_it_says_how_much_each_term_would_end() -> None:
    assert forecast.of([30, 7, 7]) == [Forecast(7, 2, 2000), Forecast(30, 1, 1000)]
    assert forecast.of([365]) == [Forecast(365, 0, 0)]


def test_the_page_shows_it_and_the_terms_that_hold_now(admin_client: Client) -> None:
    html = admin_client.get(PAGE).content.decode()
    assert "2.0\xa0KB" in html and "badge-info" in html
    assert LogRecord.objects.count() == 4


def test_it_is_for_those_who_see_the_settings(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(PAGE).status_code == 403
