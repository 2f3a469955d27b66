from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import Project, WitheringToken
from accounts.secrets import keys
from accounts.tokens import quota, tokens
from tests.accounts.admin_pages import TOKENS, act, has_inline_code, shown_secret, text

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")


@pytest.fixture
def project() -> Project:
    return Project.objects.create(name="Shop")


def make(project: Project, **values: Any) -> WitheringToken:
    return tokens.create(project, ME, lifetime={}, **values)[0]


def add(client: Client, project: Project, **values: str) -> Any:
    return client.post(f"{TOKENS}add/", {"project": str(project.pk), "lifetime": "", **values})


def prefixes(client: Client, status: str) -> list[str]:
    page = client.get(TOKENS, {"status": status})
    return [row.name for row in page.context["cl"].result_list]


def test_a_new_token_shows_its_secret_once(admin_client: Client, project: Project) -> None:
    secret = shown_secret(add(admin_client, project, lifetime="24h", max_requests="5", name="ci"))
    token = WitheringToken.objects.get()
    assert bytes(token.digest) == keys.digest(secret)
    assert (token.name, token.max_requests) == ("ci", 5)
    assert timedelta(hours=23) < token.expires_at - timezone.now() < timedelta(hours=25)
    assert secret not in admin_client.get(f"{TOKENS}{token.pk}/change/").content.decode()


def test_when_a_new_token_ends_is_said_before_and_after(
    admin_client: Client, project: Project, settings: Any
) -> None:
    settings.DEFAULT_TOKEN_LIFETIME = timedelta(days=9)
    assert "Empty: 9 days." in text(admin_client.get(f"{TOKENS}add/"))
    page = text(add(admin_client, project, max_requests="5"))
    assert re.search("Works until .+, 5 requests in all.", page)
    assert "Never expires." in text(add(admin_client, project, lifetime="never"))


def test_a_token_lives_for_ever_only_where_that_was_said(admin_client: Client, project: Project) -> None:
    add(admin_client, project, lifetime="never")
    assert WitheringToken.objects.get().expires_at is None
    WitheringToken.objects.all().delete()
    add(admin_client, project)
    assert WitheringToken.objects.get().expires_at is not None


def test_a_lifetime_that_cannot_be_is_refused_in_words(admin_client: Client, project: Project) -> None:
    assert "30m, 24h, 7d" in text(add(admin_client, project, lifetime="soon"))
    assert not WitheringToken.objects.exists()


def test_an_inactive_project_gets_no_token(admin_client: Client, project: Project) -> None:
    Project.objects.update(is_active=False)
    assert "project is inactive" in text(add(admin_client, project))


def test_the_list_tells_status_and_use_as_text(admin_client: Client, project: Project) -> None:
    token = make(project, max_requests=3)
    quota.take(token.pk, 3)
    page = text(admin_client.get(TOKENS))
    assert "2 of 3 left" in page
    assert token.prefix in page
    assert "never" in page


def test_the_list_costs_the_same_however_long_it_is(
    admin_client: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for n in range(10):
        make(project, max_requests=n)
    with django_assert_max_num_queries(15):
        admin_client.get(TOKENS)


def test_a_token_without_uses_left_is_used_up(admin_client: Client, project: Project) -> None:
    token = make(project, max_requests=1)
    quota.take(token.pk, 1)
    assert "used up" in text(admin_client.get(f"{TOKENS}{token.pk}/change/"))


def test_the_list_can_be_filtered_by_status(admin_client: Client, project: Project) -> None:
    make(project, name="fine")
    tokens.revoke(make(project, name="gone"), ME)
    WitheringToken.objects.filter(pk=make(project, name="old").pk).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )
    spent = make(project, name="spent", max_requests=1)
    quota.take(spent.pk, 1)
    make(Project.objects.create(name="Closed"), name="asleep")
    Project.objects.filter(name="Closed").update(is_active=False)
    statuses = ("active", "revoked", "expired", "used_up", "project_inactive")
    assert [prefixes(admin_client, status) for status in statuses] == [
        ["fine"], ["gone"], ["old"], ["spent"], ["asleep"],
    ]  # fmt: skip


def test_selected_tokens_are_revoked_and_reactivated(admin_client: Client, project: Project) -> None:
    first, second, _other = (make(project) for _ in range(3))
    asked = act(admin_client, TOKENS, "revoke", first.pk, second.pk)
    assert "Revoke 2 tokens" in text(asked) and "within a second" in text(asked)
    assert not WitheringToken.objects.filter(is_active=False).exists()
    done = act(admin_client, TOKENS, "revoke", first.pk, second.pk, confirmed="yes")
    assert "2 tokens were revoked" in text(done)
    assert WitheringToken.objects.filter(is_active=False).count() == 2
    assert "0 tokens were revoked" in text(act(admin_client, TOKENS, "revoke", first.pk, confirmed="yes"))
    assert "1 token is active" in text(act(admin_client, TOKENS, "reactivate", first.pk))


def test_unchecking_active_revokes_and_notes_the_moment(admin_client: Client, project: Project) -> None:
    token = make(project)
    admin_client.post(f"{TOKENS}{token.pk}/change/", {"name": "", "max_requests": "0"})
    stored = WitheringToken.objects.get()
    assert (stored.status, stored.max_requests) == ("revoked", None)
    assert stored.revoked_at is not None


def test_no_token_can_be_deleted(admin_client: Client, project: Project) -> None:
    token = make(project)
    assert admin_client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 403


def test_its_pages_have_no_inline_code(admin_client: Client, project: Project) -> None:
    token = make(project)
    pages = [admin_client.get(f"{TOKENS}{path}") for path in ("", "add/", f"{token.pk}/change/")]
    pages.append(add(admin_client, project))
    assert [has_inline_code(page) for page in pages] == [False] * 4
