"""What each kind of alert sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Credential, Project, TokenQuota, WitheringToken
from accounts.secrets import keys
from logs_app.alerts import readers
from logs_app.alerts.reading import Reading
from logs_app.alerts.spend import beginning
from logs_app.models import AlertRule
from logs_app.models.alerts import Period
from tests.logs_app.alerting import calls, forget, rule

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SHOP = {"project": "shop", "project_id": "1"}
STANDINGS: dict[str, tuple[str, str]] = {}


def read(made: AlertRule) -> list[Reading]:
    return readers.read(made, timezone.now())


def one(made: AlertRule) -> Reading:
    (found,) = read(made)
    return found


def test_the_share_of_failed_calls_is_judged() -> None:
    made = rule("error_rate", 20)
    calls(8)
    calls(2, outcome="failed", status_code=503)
    found = one(made)
    assert (found.value, found.begins, found.ends) == (20.0, True, False)
    assert found.words == "20.0 %: 2 of 10 calls failed in the last 5 minutes"


def test_between_its_bounds_nothing_changes() -> None:
    """Over at 16 %, four fifths of 20, or where it is said."""
    made = rule("error_rate", 20)
    calls(82)
    calls(18, outcome="upstream_truncated")
    assert (one(made).begins, one(made).ends) == (False, False)
    made.clear_threshold = 19
    assert (one(made).begins, one(made).ends) == (False, True)
    calls(100)
    made.clear_threshold = None
    assert (one(made).begins, one(made).ends) == (False, True)


def test_few_calls_are_not_judged() -> None:
    made = rule("error_rate", 20)
    calls(4, outcome="failed")
    found = one(made)
    assert (found.value, found.begins, found.ends) == (None, False, False)
    assert "too few to judge, fewer than 5" in found.words


def test_refused_calls_and_those_of_before_do_not_count() -> None:
    made = rule("error_rate", 20)
    calls(5)
    calls(20, outcome="rejected", status_code=429, repeats=100)
    calls(20, outcome="failed", ago=timedelta(minutes=6))
    assert one(made).value == 0


def test_only_the_calls_that_are_meant_count_and_the_page_shows_them() -> None:
    made = rule("error_rate", 20, model="m-1", project="shop")
    calls(5, outcome="failed", model="m-1", project="shop")
    calls(50, model="m-2", project="shop")
    calls(50, model="m-1", project="other")
    found = one(made)
    assert found.value == 100
    assert "calls of project 'shop', model 'm-1' failed" in found.words
    link = urlsplit(found.path)
    query = parse_qs(link.query)
    assert link.path == "/admin/logs_app/logrecord/"
    assert (query["model"], query["project"]) == (["m-1"], ["shop"])


def test_latency_is_a_percentile() -> None:
    made = rule("latency", 2000, percentile=90)
    calls(95, latency_ms=100.0)
    calls(5, latency_ms=60_000.0)
    assert (one(made).begins, one(made).ends) == (False, True)
    calls(10, latency_ms=60_000.0)
    found = one(made)
    assert found.begins and (found.value or 0) > 40_000
    assert found.words.startswith("90 of 100 calls took up to")


def test_spend_counts_since_its_period_began() -> None:
    made = rule("spend", 10, project="shop")
    calls(3, cost_nanos=3_000_000_000, **SHOP)
    calls(3, cost_nanos=3_000_000_000, project="other", project_id="2")
    assert (one(made).value, one(made).begins) == (9.0, False)
    calls(1, cost_nanos=1_000_000_000, **SHOP)
    found = one(made)
    assert (found.value, found.begins) == (10.0, True)
    assert "have cost $10.00 since" in found.words


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (Period.HOUR, datetime(2026, 3, 4, 13, tzinfo=UTC)),
        (Period.DAY, datetime(2026, 3, 4, tzinfo=UTC)),
        (Period.WEEK, datetime(2026, 3, 2, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_periods_are_those_of_the_calendar(period: Period, expected: datetime) -> None:
    assert beginning(period, datetime(2026, 3, 4, 13, 14, 15, tzinfo=UTC)) == expected


def standings() -> dict[str, tuple[str, str]]:
    return STANDINGS


def test_providers_are_asked_of_whom_the_settings_name(settings: LazySettings) -> None:
    settings.PROVIDER_STANDING_READER = f"{__name__}.standings"
    STANDINGS.update(
        a=("open", "It keeps failing."),
        b=("refused", "It refuses the API key."),
        c=("half_open", "It is being tried again."),
        d=("healthy", "It is well."),
        e=("unusable", "The variable with its API key is not set."),
    )
    found = {reading.subject: (reading.begins, reading.ends) for reading in read(rule("provider"))}
    assert found == {
        "a": (True, False),
        "b": (True, False),
        "c": (False, False),
        "d": (False, True),
        "e": (True, False),
    }
    only = one(rule("provider", provider="b", name="only b"))
    assert (only.subject, only.node) == ("b", settings.NODE_ID)
    assert only.words == "provider 'b': It refuses the API key"


@pytest.fixture
def shop(db: None) -> Project:
    return Project.objects.create(name="shop")


def token(project: Project, name: str, **given: Any) -> WitheringToken:
    secret = f"sk-{name}-0123456789"
    made = WitheringToken(project=project, name=name, **given)
    made.set_secret(secret)
    made.save()
    return made


def credential(name: str, **given: Any) -> Credential:
    made = Credential(name=name, **given)
    made.digest, made.prefix = keys.digest(f"sk-{name}"), "sk-…"
    made.save()
    return made


def test_keys_that_are_about_to_expire_are_seen(shop: Project) -> None:
    now = timezone.now()
    soon = token(shop, "soon", expires_at=now + 3 * HOUR)
    old = credential("old", expires_at=now + 30 * HOUR)
    token(shop, "later", expires_at=now + 100 * HOUR)
    token(shop, "gone", expires_at=now - HOUR)
    token(shop, "revoked", expires_at=now + HOUR, is_active=False)
    token(shop, "forever")
    credential("off", expires_at=now + HOUR, is_enabled=False)
    found = read(rule("expiry", 48))
    assert [reading.subject for reading in found] == [f"witheringtoken:{soon.pk}", f"credential:{old.pk}"]
    assert all(reading.begins for reading in found)
    assert "token 'soon' (sk-soo…) of project 'shop' expires at" in found[0].words
    assert found[0].words.endswith(("in 2 hours", "in 3 hours"))
    assert found[0].path == f"/admin/accounts/witheringtoken/{soon.pk}/change/"


def test_quotas_that_are_about_to_end_are_seen(shop: Project) -> None:
    near, far = token(shop, "near", max_requests=100), token(shop, "far", max_requests=100)
    empty = token(shop, "empty", max_requests=100)
    for made, used in ((near, 90), (far, 89), (empty, 100)):
        TokenQuota.objects.create(token_id=made.pk, used=used)
    token(shop, "new", max_requests=100)
    found = one(rule("quota", 10))
    assert (found.subject, found.value) == (f"witheringtoken:{near.pk}", 10)
    assert "has 10 of 100 requests left (10 %)" in found.words


def test_keys_are_narrowed_by_name_and_id(shop: Project) -> None:
    soon = timezone.now() + HOUR
    mine = token(shop, "mine", expires_at=soon)
    token(Project.objects.create(name="other"), "other", expires_at=soon)
    plain = credential("plain", expires_at=soon)
    subjects = {
        "project name": {"project": "shop"},
        "project id": {"project": str(shop.pk)},
        "name": {"key": "mine"},
        "id": {"key": str(mine.pk)},
    }
    for name, scope in subjects.items():
        assert [r.subject for r in read(rule("expiry", 2, name=name, **scope))] == [
            f"witheringtoken:{mine.pk}"
        ]
    assert one(rule("expiry", 2, name="number", key=str(plain.pk))).subject == f"credential:{plain.pk}"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "error_rate"}, "threshold"),
        ({"kind": "latency", "threshold": 5, "clear_threshold": 6}, "clear_threshold"),
        ({"kind": "spend", "threshold": -1}, "threshold"),
        ({"kind": "provider", "emails": ["nobody"]}, "emails"),
        ({"kind": "provider", "emails": "a@b.co"}, "emails"),
        ({"kind": "error_rate", "threshold": 5, "window_minutes": 0}, "window_minutes"),
        ({"kind": "weather", "threshold": 5}, "kind"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(**given)
    assert field in refused.value.message_dict


def test_nothing_has_happened_yet() -> None:
    forget()
    assert one(rule("error_rate", 5)).value is None
    assert one(rule("latency", 5, name="latency")).value is None
    assert one(rule("spend", 5, name="spend")).value == 0
    assert read(rule("expiry", 5, name="expiry")) == read(rule("quota", 5, name="quota")) == []
