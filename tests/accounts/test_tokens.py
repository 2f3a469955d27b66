from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.errors import Inactive, Invalid
from accounts.models import Project, WitheringToken
from accounts.secrets import keys
from accounts.tokens import tokens

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")


@pytest.fixture
def project() -> Project:
    return Project.objects.create(name="shop")


def make(project: Project, **values: object) -> WitheringToken:
    return tokens.create(project, ME, lifetime={"duration_hours": 1}, **values)[0]


def test_a_token_is_created_with_its_secret(project: Project) -> None:
    token, secret = tokens.create(
        project, ME, lifetime={"duration_hours": 1}, max_requests=5, rate_limit=2, name="ci"
    )
    stored = WitheringToken.objects.get()
    assert bytes(stored.digest) == keys.digest(secret)
    assert (stored.pk, stored.project, stored.name) == (token.pk, project, "ci")
    assert (stored.max_requests, stored.rate_limit, stored.status) == (5, 2, "active")
    assert timedelta(minutes=59) < stored.expires_at - timezone.now() < timedelta(minutes=61)


def test_zero_requests_are_any_number(project: Project) -> None:
    assert make(project, max_requests=0).max_requests is None


def test_a_negative_number_of_requests_is_refused(project: Project) -> None:
    with pytest.raises(Invalid) as refused:
        make(project, max_requests=-1)
    assert refused.value.field == "max_requests"


def test_an_inactive_project_gets_no_token(project: Project) -> None:
    Project.objects.update(is_active=False)
    with pytest.raises(Inactive) as refused:
        make(project)
    assert (refused.value.code, WitheringToken.objects.count()) == ("project_inactive", 0)


def test_a_deleted_project_gets_no_token(project: Project) -> None:
    Project.objects.update(deleted_at=timezone.now())
    with pytest.raises(Inactive, match="deleted"):
        make(project)


def test_revoking_notes_the_moment_and_the_second_time_changes_nothing(project: Project) -> None:
    token = make(project)
    assert tokens.revoke(token, ME) is True
    revoked_at = WitheringToken.objects.get().revoked_at
    assert (token.status, token.revoked_at) == ("revoked", revoked_at)
    assert tokens.revoke(token, ME) is False
    assert WitheringToken.objects.get().revoked_at == revoked_at


def test_a_revoked_token_can_be_reactivated(project: Project) -> None:
    token = make(project)
    tokens.revoke(token, ME)
    assert tokens.reactivate(token, ME) is True
    assert (token.status, WitheringToken.objects.get().revoked_at) == ("active", None)
    assert tokens.reactivate(token, ME) is False


def test_the_tokens_of_a_deleted_project_stay_dead(project: Project) -> None:
    token = make(project)
    tokens.revoke(token, ME)
    project.deleted_at = timezone.now()
    with pytest.raises(Inactive):
        tokens.reactivate(token, ME)


def test_all_tokens_of_a_project_are_revoked_and_counted(project: Project) -> None:
    elsewhere = make(Project.objects.create(name="other"))
    first, *_rest = [make(project) for _ in range(3)]
    tokens.revoke(first, ME)
    counts = tokens.revoke_all(project, ME)
    assert (counts.revoked, counts.already_revoked, counts.total) == (2, 1, 3)
    assert WitheringToken.objects.get(is_active=True) == elsewhere
    again = tokens.revoke_all(project, ME)
    assert (again.revoked, again.already_revoked, again.total) == (0, 3, 3)
