from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import AuditEvent, Project, WitheringToken
from accounts.tokens import extending, tokens

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")
DAY = timedelta(days=1)


def make(**lifetime: object) -> WitheringToken:
    return tokens.create(Project.objects.create(name="Shop"), ME, lifetime=lifetime)[0]


def test_time_is_added_to_what_is_left() -> None:
    token = make(duration_hours=2)
    end = token.expires_at
    assert extending.extend(token, ME, DAY)
    assert WitheringToken.objects.get().expires_at == end + DAY
    assert AuditEvent.objects.get(action="token.update").target_id == str(token.pk)


def test_an_expired_one_lives_from_now() -> None:
    token = make(duration_hours=2)
    WitheringToken.objects.update(expires_at=timezone.now() - 5 * DAY)
    extending.extend(token, ME, DAY)
    left = WitheringToken.objects.get().expires_at - timezone.now()
    assert DAY - timedelta(minutes=5) < left <= DAY


def test_one_that_never_expires_stays_so() -> None:
    assert not extending.extend(make(expires_at=None), ME, DAY)
    assert WitheringToken.objects.get().expires_at is None


def test_a_revoked_one_stays_revoked() -> None:
    token = make(duration_hours=2)
    tokens.revoke(token, ME)
    extending.extend(token, ME, DAY)
    assert WitheringToken.objects.get().is_active is False
