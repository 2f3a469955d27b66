"""The page that explains a bill: who may see it, which month, and what it says of calls without a price."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from logs_app.models import RecordTag
from logs_app.statistics import bill
from relay.costs import pages
from relay.costs.rows import Bill
from tests.logs_app.test_statistics_bill import NOVEMBER, call, recorded

pytestmark = pytest.mark.django_db
PAGE = "/admin/costs/"
DOLLAR = 10**9


@pytest.fixture(autouse=True)
def in_december(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2025, 12, 3, tzinfo=UTC)

    monkeypatch.setattr(pages, "datetime", Clock)


def november(*costs: int | None) -> Bill:
    recorded(*(call(2025, 11, 2, model=f"m-{place}", cost_nanos=cost) for place, cost in enumerate(costs)))
    return Bill(NOVEMBER, bill.read(NOVEMBER, records()))


def records() -> Any:
    return pages.LogRecord.objects.all()


def test_it_is_for_who_may_see_records(client: Client) -> None:
    user = User.objects.create_user("ann", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
    page = client.get(PAGE)
    assert page.status_code == 200 and "No calls in this month" in page.text


def test_a_month_is_chosen_by_its_address(admin_client: Client) -> None:
    recorded(call(2025, 11, 2, cost_nanos=25 * DOLLAR), call(2025, 12, 2, cost_nanos=12 * DOLLAR))
    now, then = admin_client.get(PAGE), admin_client.get(PAGE, {"month": "2025-11"})
    assert (now.context["month"], now.context["cost"]) == (date(2025, 12, 1), "$12.00")
    assert "November 2025</a>: $25.00" in now.text and "under way" in now.text
    assert (then.context["month"], then.context["cost"]) == (NOVEMBER, "$25.00")
    assert "?project=p&amp;model=m-1&amp;since=2025-11-01&amp;until=2025-12-01" in then.text
    assert "under way" not in then.text


@pytest.mark.parametrize("month", ["2025-10", "2026-01", "x"])
@pytest.mark.parametrize("form", ["", "csv"])
def test_a_month_that_has_no_bill_is_not_found(admin_client: Client, month: str, form: str) -> None:
    recorded(call(2025, 11, 2))
    answer = admin_client.get(PAGE, {"month": month, "format": form})
    assert answer.status_code == 404 and "There is no bill of such a month" in answer.text
    assert "Content-Disposition" not in answer


def test_a_small_bill_is_told_in_finer_parts_than_cents() -> None:
    small = november(DOLLAR // 100, 40_000)
    assert [row.cost for row in small.sections[0].rows] == ["$0.0100", "< $0.0001"]
    assert small.total.cost == "$0.0100"


def test_a_large_bill_is_told_in_cents() -> None:
    large = november(1234 * DOLLAR, DOLLAR // 1000, 0)
    assert [row.cost for row in large.sections[0].rows] == ["$1,234.00", "< $0.01", "$0.00"]
    assert [row.share for row in large.sections[0].rows] == [100, 0, 0]


def test_calls_without_a_price_are_counted_and_lead_to_where_it_is_added(admin_client: Client) -> None:
    recorded(
        call(2025, 12, 1, model="priced"),
        call(2025, 12, 1, model="house/model", cost_nanos=None),
        call(2025, 12, 1, model="priced", cost_nanos=None, outcome="failed"),
        call(2025, 12, 1, model="", cost_nanos=None),
    )
    page = admin_client.get(PAGE)
    assert page.context["bill"].unpriced == 1
    assert 'href="/admin/logs_app/modelprice/add/?model=house%2Fmodel"' in page.text


def test_a_call_that_was_left_before_anything_was_charged_is_not_without_a_price(
    admin_client: Client,
) -> None:
    left = {"cost_nanos": None, "outcome": "client_disconnected"}
    recorded(
        call(2025, 12, 1, model="priced"),
        call(2025, 12, 1, model="priced", total_tokens=None, **left),
        call(2025, 12, 1, model="house", **left),
    )
    page = admin_client.get(PAGE)
    unpriced = [row.unpriced for section in page.context["bill"].sections for row in section.rows]
    assert unpriced == [0, 1]


def test_what_was_tried_out_is_told_apart(admin_client: Client) -> None:
    recorded(call(2025, 12, 1, cost_nanos=3 * DOLLAR), call(2025, 12, 2, lineage="replay", cost_nanos=DOLLAR))
    assert not admin_client.get(PAGE).context["trials"]
    made = records().get(lineage="replay")
    RecordTag.objects.create(tag="replay", record_id=made.pk)
    (trial,) = admin_client.get(PAGE).context["trials"]
    assert (trial["calls"], trial["cost"]) == (1, "$1.0000")
    listed = admin_client.get(f"/admin/logs_app/logrecord/?{trial['query']}")
    assert str(made.pk) in listed.text


def test_the_table_has_every_digit_and_nothing_that_a_spreadsheet_runs(admin_client: Client) -> None:
    recorded(
        call(2025, 11, 2, project="=apollo", cost_nanos=1_234_567_891, prompt_tokens=2, completion_tokens=1),
        call(2025, 11, 2, project="=apollo", model="m-2", cost_nanos=None),
    )
    answer = admin_client.get(PAGE, {"month": "2025-11", "format": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="costs-2025-11.csv"'
    priced, other = csv.DictReader(answer.text.splitlines())
    assert priced == {
        "month": "2025-11", "project_id": "p", "project": "'=apollo", "model": "m-1", "requests": "1",
        "prompt_tokens": "2", "cached_tokens": "0", "completion_tokens": "1", "total_tokens": "3",
        "cost": "1.234567891", "without_price": "0",
    }  # fmt: skip
    assert (other["cost"], other["without_price"]) == ("", "1")
