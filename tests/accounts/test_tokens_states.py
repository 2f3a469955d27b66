from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing
from accounts.tokens import quota, states, tokens

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")


def make(project: Project, name: str, hours: float | None = 100, **values: object) -> WitheringToken:
    expires_at = None if hours is None else timezone.now() + timedelta(hours=hours)
    token = tokens.create(project, ME, lifetime={"expires_at": None}, name=name)[0]
    WitheringToken.objects.filter(pk=token.pk).update(expires_at=expires_at, **values)
    return token


@pytest.fixture
def rows():
    """One token of each state, and one that is in several."""
    shop, closed = Project.objects.create(name="Shop"), Project.objects.create(name="Closed")
    make(shop, "fine")
    make(shop, "ever", None)
    make(shop, "short", 1)
    make(shop, "soon", 1, created_at=timezone.now() - timedelta(hours=10))
    make(shop, "old", -1)
    make(shop, "gone", -1, is_active=False)
    quota.take(make(shop, "spent", max_requests=1).pk, 1)
    for name, used in (("nearly", 9), ("half", 5)):
        pk = make(shop, name, max_requests=10).pk
        for _ in range(used):
            quota.take(pk, 10)
    make(closed, "asleep")
    Project.objects.filter(name="Closed").update(is_active=False)
    return states.with_state(WitheringToken.objects.all())


def test_each_token_is_in_the_first_state_that_fits(rows) -> None:
    assert dict(rows.values_list("name", "state")) == {
        "fine": "active", "ever": "active", "short": "active", "soon": "soon", "old": "expired",
        "gone": "revoked", "spent": "used_up", "nearly": "soon", "half": "active",
        "asleep": "project_inactive",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lived", "left", "state"),
    [(8, 1, "active"), (9, 1, "soon"), (24 * 60, 23, "soon"), (24 * 60, 25, "active")],
)
def test_the_end_is_near_in_the_last_tenth_and_within_a_day(lived: int, left: int, state: str) -> None:
    """In hours."""
    now = timezone.now()
    make(Project.objects.create(name="Shop"), "it", left, created_at=now - timedelta(hours=lived, seconds=9))
    assert states.with_state(WitheringToken.objects.all()).get().state == state


def test_those_that_end_soon_count_as_active_too(rows) -> None:
    assert states.count(rows) == {
        "active": 6, "soon": 2, "used_up": 1, "expired": 1, "revoked": 1, "project_inactive": 1,
    }  # fmt: skip
    assert set(states.narrow(rows, "active").values_list("name", flat=True)) == {
        "fine", "ever", "short", "soon", "nearly", "half",
    }  # fmt: skip
    assert set(states.narrow(rows, "soon").values_list("name", flat=True)) == {"soon", "nearly"}


def test_all_tokens_are_counted_but_those_of_deleted_projects(rows) -> None:
    assert states.of_tokens() == {
        "active": 6, "soon": 2, "used_up": 1, "expired": 1, "revoked": 1, "project_inactive": 1,
    }  # fmt: skip
    Project.objects.update(deleted_at=timezone.now())
    assert not any(states.of_tokens().values())


def test_keys_are_judged_alike() -> None:
    for name, values in (("on", {}), ("off", {"is_enabled": False}), ("old", {"expires_at": timezone.now()})):
        issuing.issue(row := Credential(name=name, **values))
        row.save()
    found = dict(states.with_state(Credential.objects.all()).values_list("name", "state"))
    assert found == {"on": "active", "off": "disabled", "old": "expired"}


def test_nothing_is_in_no_state() -> None:
    assert states.count(states.with_state(Credential.objects.all())) == {}
