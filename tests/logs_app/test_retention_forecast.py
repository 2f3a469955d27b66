from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from logs_app.identifiers import first_id
from logs_app.models import LogRecord, LogSettings
from logs_app.retention import forecast
from logs_app.retention.forecast import Forecast

pytestmark = pytest.mark.django_db
SETTINGS = "/admin/logs_app/logsettings/1/change/"
PAGE = "/admin/logs_app/logsettings/forecast/"


@pytest.fixture(autouse=True)
def records() -> None:
    LogRecord.objects.all().delete()
    LogSettings.objects.create()
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


def test_it_says_what_a_change_would_end() -> None:
    assert forecast.of_change(50, 2) == Forecast(2, 2, 2000)
    assert forecast.of_change(None, 2) == Forecast(2, 3, 3000)
    assert forecast.of_change(2, 50) == Forecast(50, 0, 0)


def test_shorter_terms_ask_before_they_are_saved(admin_client: Client) -> None:
    kept = {"payload_days": "7", "metadata_days": "365"}
    html = admin_client.post(SETTINGS, kept | {"metadata_days": "30"}).content.decode()
    assert "Days to keep records" in html and "Days to keep bodies" not in html
    assert LogSettings.objects.get().metadata_days == 365
    admin_client.post(SETTINGS, kept | {"metadata_days": "30", "confirmed": "yes"})
    assert LogSettings.objects.get().metadata_days == 30


@pytest.mark.parametrize("days", ["366", ""])
def test_other_terms_do_not_ask(admin_client: Client, days: str) -> None:
    answer = admin_client.post(SETTINGS, {"payload_days": "7", "metadata_days": days})
    assert answer.status_code == 302
    assert LogSettings.objects.get().metadata_days == (int(days) if days else None)


def test_a_term_of_no_days_at_all_is_refused(admin_client: Client) -> None:
    answer = admin_client.post(SETTINGS, {"payload_days": "7", "metadata_days": "0", "confirmed": "yes"})
    assert "greater than or equal to 1" in answer.content.decode()


def test_the_page_shows_it_and_the_terms_that_hold_now(admin_client: Client) -> None:
    html = admin_client.get(PAGE).content.decode()
    assert "2.0\xa0KB" in html and "badge-info" in html
    assert LogRecord.objects.count() == 4


def test_it_is_for_those_who_see_the_settings(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(PAGE).status_code == 403
