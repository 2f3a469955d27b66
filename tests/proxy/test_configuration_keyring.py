from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Credential, Project, Secret, WitheringToken
from accounts.secrets import keys
from proxy.configuration.configuration import NO_POLICY, Key, Limits
from proxy.configuration.loading import Loader
from tests.scratch import Scratch

SOON = datetime(2030, 1, 1, tzinfo=UTC)
LATER = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def loader(scratch: Scratch) -> Loader:
    return Loader(scratch.alias)


@pytest.fixture
def project(scratch: Scratch) -> Project:
    return Project.objects.using(scratch.alias).create(
        name="shop", upstream_key="sk-own", provider_key="acme", rate_limit=3, allowed_models=["gpt-4o*"]
    )


def add(scratch: Scratch, row: Secret, secret: str) -> Any:
    row.set_secret(secret)
    row.save(using=scratch.alias)
    return row


def find(loader: Loader, secret: str) -> Key | None:
    return loader.advance().find_key(keys.digest(secret))


def test_the_policy_of_a_project_is_brought_into_one_form(
    scratch: Scratch, loader: Loader, project: Project
) -> None:
    add(scratch, WitheringToken(project=project), "secret-of-a-token")
    assert find(loader, "secret-of-a-token").project.policy is NO_POLICY
    for stored, method in (({"allowed_methods": ["get"]}, ("GET",)), ({"broken": 1}, ())):
        Project.objects.using(scratch.alias).update(policy=stored)
        policy = find(loader, "secret-of-a-token").project.policy
        assert (policy.allowed_methods, policy.error is None) == (method, bool(method))


def test_a_token_carries_what_it_may_do(scratch: Scratch, loader: Loader, project: Project) -> None:
    token = WitheringToken(project=project, expires_at=SOON, max_requests=7, rate_limit_per_minute=0)
    add(scratch, token, "secret-of-a-token")
    key = find(loader, "secret-of-a-token")
    assert (key.id, key.kind, key.expires_at, key.max_requests) == (
        str(token.pk), "token", SOON.timestamp(), 7,
    )  # fmt: skip
    assert key.limits == Limits(rate_limit_per_minute=0)
    assert key.is_active


def test_a_credential_carries_its_models(scratch: Scratch, loader: Loader) -> None:
    add(scratch, Credential(name="app", allowed_models=["gpt-4o", "o*"]), "secret-of-app")
    key = find(loader, "secret-of-app")
    assert (key.kind, key.allowed_models, key.max_requests) == ("credential", ("gpt-4o", "o*"), None)


def test_keys_share_the_project_they_belong_to(scratch: Scratch, loader: Loader, project: Project) -> None:
    add(scratch, WitheringToken(project=project), "secret-of-a-token")
    add(scratch, Credential(name="app", project=project), "secret-of-app")
    shared = find(loader, "secret-of-app").project
    assert shared is find(loader, "secret-of-a-token").project
    assert (shared.name, shared.upstream_key, shared.provider_key) == ("shop", "sk-own", "acme")
    assert (shared.limits, shared.allowed_models) == (Limits(rate_limit=3), ("gpt-4o*",))


def test_an_unreadable_upstream_key_is_told_from_none(
    scratch: Scratch, loader: Loader, project: Project
) -> None:
    add(scratch, WitheringToken(project=project), "secret-of-a-token")
    scratch.execute("UPDATE accounts_project SET upstream_key = 'gAAAAAbroken'")
    found = find(loader, "secret-of-a-token").project
    assert found.upstream_key == ""
    assert "FIELD_ENCRYPTION_KEYS" in found.upstream_error


def test_a_former_secret_works_until_its_grace_ends(scratch: Scratch, loader: Loader) -> None:
    credential = Credential(name="app", former_digest=keys.digest("former"), former_expires_at=SOON)
    add(scratch, credential, "current")
    assert find(loader, "current").expires_at is None
    assert (find(loader, "former").id, find(loader, "former").expires_at) == ("1", SOON.timestamp())


def test_each_secret_of_a_key_shows_its_own_beginning(scratch: Scratch, loader: Loader) -> None:
    former = {"former_digest": keys.digest("former"), "former_prefix": "fo…", "former_expires_at": SOON}
    add(scratch, Credential(name="app", **former), "current")
    assert (find(loader, "current").prefix, find(loader, "former").prefix) == ("cu…", "fo…")
    assert (find(loader, "current").is_former, find(loader, "former").is_former) == (False, True)


def test_a_former_secret_does_not_outlive_its_key(scratch: Scratch, loader: Loader) -> None:
    credential = Credential(
        name="app", expires_at=SOON, former_digest=keys.digest("former"), former_expires_at=LATER
    )
    add(scratch, credential, "current")
    assert find(loader, "former").expires_at == SOON.timestamp()


def test_a_secret_that_was_put_back_does_not_end_with_its_grace(scratch: Scratch, loader: Loader) -> None:
    credential = Credential(name="app", former_digest=keys.digest("back"), former_expires_at=SOON)
    add(scratch, credential, "back")
    assert find(loader, "back").expires_at is None


def test_a_former_secret_goes_when_the_next_rotation_takes_its_place(
    scratch: Scratch, loader: Loader
) -> None:
    credential = Credential(name="app", former_digest=keys.digest("first"), former_expires_at=SOON)
    add(scratch, credential, "second")
    assert find(loader, "first")
    credential.former_digest = keys.digest("second")
    add(scratch, credential, "third")
    assert find(loader, "first") is None
    assert find(loader, "second").expires_at == SOON.timestamp()
    assert find(loader, "third").expires_at is None


def test_a_revoked_token_is_known_as_inactive_without_reading_the_others(
    scratch: Scratch, loader: Loader, project: Project
) -> None:
    token = add(scratch, WitheringToken(project=project), "one")
    add(scratch, WitheringToken(project=project), "two")
    other = find(loader, "two")
    token.is_active = False
    token.save(using=scratch.alias)
    assert find(loader, "one").is_active is False
    assert find(loader, "two") is other


def test_a_deleted_token_is_gone(scratch: Scratch, loader: Loader, project: Project) -> None:
    token = add(scratch, WitheringToken(project=project), "one")
    assert find(loader, "one")
    token.delete(using=scratch.alias)
    assert find(loader, "one") is None


def test_a_changed_project_reaches_keys_of_both_kinds(
    scratch: Scratch, loader: Loader, project: Project
) -> None:
    add(scratch, WitheringToken(project=project), "one")
    add(scratch, Credential(name="app", project=project), "two")
    loader.advance()
    Project.objects.using(scratch.alias).update(is_active=False, name="closed")
    for secret in ("one", "two"):
        assert (find(loader, secret).project_name, find(loader, secret).project_is_active) == (
            "closed", False,
        )  # fmt: skip


def test_one_secret_of_two_keys_stays_known_when_one_of_them_goes(
    scratch: Scratch, loader: Loader, project: Project
) -> None:
    token = add(scratch, WitheringToken(project=project), "the-same-secret")
    add(scratch, Credential(name="app"), "the-same-secret")
    loader.advance()
    token.delete(using=scratch.alias)
    assert find(loader, "the-same-secret").kind == "credential"


@pytest.mark.parametrize(
    ("of_project", "of_key", "level"),
    [
        ("full", None, "full"),
        ("metadata", None, "metadata"),
        ("metadata", "full", "metadata"),
        ("full", "off", "off"),
    ],
)
def test_of_a_key_no_more_is_recorded_than_its_project_allows(
    scratch: Scratch, loader: Loader, project: Project, of_project: str, of_key: str | None, level: str
) -> None:
    Project.objects.using(scratch.alias).update(log_policy=of_project)
    add(scratch, Credential(name="app", project=project, log_policy=of_key), "sk-leveled")
    key = find(loader, "sk-leveled")
    assert key is not None and key.log_level == level
