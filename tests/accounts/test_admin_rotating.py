from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing, keys
from accounts.tokens import tokens
from tests.accounts.admin_pages import (
    CREDENTIALS,
    TOKENS,
    act,
    has_inline_code,
    run_id,
    shown_secret,
    shown_secrets,
    text,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def credentials() -> list[Credential]:
    rows = [Credential(name=name) for name in ("app", "batch")]
    for row in rows:
        issuing.issue(row)
        row.save()
    return rows


def rotate(client: Client, *rows: Credential, grace: str = "24h", run: str = "r1"):
    return act(client, CREDENTIALS, "rotate_secrets", *(row.pk for row in rows), grace=grace, run=run)


def test_the_page_of_a_key_leads_to_its_rotation(admin_client: Client, credentials: list[Credential]) -> None:
    pk = credentials[0].pk
    assert f"{CREDENTIALS}{pk}/rotate/" in admin_client.get(f"{CREDENTIALS}{pk}/change/").content.decode()
    page = admin_client.get(f"{CREDENTIALS}{pk}/rotate/")
    assert "app" in text(page) and run_id(page)
    assert not has_inline_code(page)


def test_the_action_asks_first_and_changes_nothing(
    admin_client: Client, credentials: list[Credential]
) -> None:
    page = act(admin_client, CREDENTIALS, "rotate_secrets", credentials[0].pk)
    assert "new secret" in text(page) and run_id(page)
    assert bytes(Credential.objects.get(name="app").digest) == credentials[0].digest


def test_the_new_secret_is_shown_and_the_old_one_has_its_grace(
    admin_client: Client, credentials: list[Credential]
) -> None:
    page = rotate(admin_client, credentials[0])
    row = Credential.objects.get(name="app")
    assert bytes(row.digest) == keys.digest(shown_secret(page))
    assert bytes(row.former_digest) == credentials[0].digest
    assert timedelta(hours=23) < row.former_expires_at - timezone.now() < timedelta(hours=25)
    assert "no-store" in page["Cache-Control"]
    assert not has_inline_code(page)


def test_several_keys_are_rotated_at_once(admin_client: Client, credentials: list[Credential]) -> None:
    secrets = shown_secrets(rotate(admin_client, *credentials))
    assert {keys.digest(secret) for secret in secrets} == {
        bytes(row.digest) for row in Credential.objects.all()
    }


def test_sending_the_page_twice_rotates_once(admin_client: Client, credentials: list[Credential]) -> None:
    secret = shown_secret(rotate(admin_client, credentials[0]))
    assert "had done it before" in text(rotate(admin_client, credentials[0]))
    assert bytes(Credential.objects.get(name="app").digest) == keys.digest(secret)


def test_a_grace_that_cannot_be_is_refused_in_words(
    admin_client: Client, credentials: list[Credential]
) -> None:
    assert "30m, 24h, 7d" in text(rotate(admin_client, credentials[0], grace="later"))
    assert bytes(Credential.objects.get(name="app").digest) == credentials[0].digest


def test_tokens_are_rotated_alike(admin_client: Client) -> None:
    project = Project.objects.create(name="Shop")
    token, first = tokens.create(project, Actor("command", "tests"), lifetime={})
    secret = shown_secret(act(admin_client, TOKENS, "rotate_secrets", token.pk, grace="0", run="r1"))
    assert bytes(WitheringToken.objects.get().digest) == keys.digest(secret) != keys.digest(first)


def test_who_may_only_look_rotates_nothing(client: Client, credentials: list[Credential]) -> None:
    reader = get_user_model().objects.create_user("reader", is_staff=True)
    client.force_login(reader)
    assert client.get(f"{CREDENTIALS}{credentials[0].pk}/rotate/").status_code == 403
    rotate(client, credentials[0])
    assert bytes(Credential.objects.get(name="app").digest) == credentials[0].digest
