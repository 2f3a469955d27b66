from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import Credential, Project
from accounts.secrets import issuing, keys, rotation
from accounts.tokens import tokens

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")
DAY = timedelta(days=1)


@pytest.fixture
def credential() -> Credential:
    row = Credential(name="app", rate_limit=5)
    row.secret = issuing.issue(row)
    row.save()
    return row


def stored() -> Credential:
    return Credential.objects.get()


def test_the_secret_is_new_and_the_key_is_the_same(credential: Credential) -> None:
    secret = rotation.rotate(credential, ME)
    assert (bytes(stored().digest), stored().prefix) == (keys.digest(secret), keys.shown_prefix(secret))
    assert (stored().pk, stored().name, stored().rate_limit) == (credential.pk, "app", 5)
    assert secret != credential.secret


def test_the_former_secret_stays_until_the_grace_ends(credential: Credential) -> None:
    rotation.rotate(credential, ME, grace=DAY)
    assert bytes(stored().former_digest) == keys.digest(credential.secret)
    assert stored().former_prefix == keys.shown_prefix(credential.secret)
    left = stored().former_expires_at - timezone.now()
    assert DAY - timedelta(minutes=1) < left < DAY


def test_without_grace_the_former_secret_ends_now(credential: Credential) -> None:
    rotation.rotate(credential, ME)
    assert stored().former_expires_at <= timezone.now()


def test_a_second_rotation_takes_the_place_of_the_first(credential: Credential) -> None:
    second = rotation.rotate(credential, ME, grace=DAY)
    rotation.rotate(credential, ME, grace=DAY)
    assert bytes(stored().former_digest) == keys.digest(second)


def test_one_run_rotates_a_key_once(credential: Credential) -> None:
    secret = rotation.rotate(credential, ME, run="2026-q4")
    assert rotation.rotate(credential, ME, run="2026-q4") is None
    assert bytes(stored().digest) == keys.digest(secret)
    assert rotation.rotate(credential, ME, run="2027-q1")


def test_a_row_read_before_another_rotation_does_not_undo_it(credential: Credential) -> None:
    old = stored()
    second = rotation.rotate(credential, ME)
    rotation.rotate(old, ME)
    assert bytes(stored().former_digest) == keys.digest(second)


def test_a_grace_can_be_ended(credential: Credential) -> None:
    rotation.rotate(credential, ME, grace=DAY)
    assert rotation.end_grace(credential, ME) is True
    assert stored().former_expires_at <= timezone.now()
    assert rotation.end_grace(credential, ME) is False


def test_tokens_rotate_too() -> None:
    token, first = tokens.create(Project.objects.create(name="shop"), ME, lifetime={})
    assert rotation.rotate(token, ME) != first
    assert rotation.kind_of(token) == "token"
