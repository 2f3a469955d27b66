from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Credential, Project
from accounts.secrets import keys

pytestmark = pytest.mark.django_db


def make(name: str = "a", secret: str = "sk-of-a-client", **values: object) -> Credential:
    credential = Credential(name=name, **values)
    credential.set_secret(secret)
    credential.save()
    return credential


def test_a_credential_keeps_digest_and_prefix_only() -> None:
    make()
    [row] = Credential.objects.values()
    assert bytes(row["digest"]) == keys.digest("sk-of-a-client")
    assert row["prefix"] == "sk-o…"
    assert "sk-of-a-client" not in repr(row)


def test_two_credentials_cannot_have_the_same_secret() -> None:
    make("a")
    with pytest.raises(IntegrityError):
        make("b")


def test_the_keys_of_a_project_go_with_it() -> None:
    project = Project.objects.create(name="p")
    make(project=project)
    project.delete()
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, "active"),
        ({"is_enabled": False}, "disabled"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
        ({"expires_at": timezone.now() + timedelta(days=1)}, "active"),
        ({"project": Project(is_active=True)}, "active"),
        ({"project": Project(is_active=False)}, "project_inactive"),
    ],
)
def test_the_status_of_a_credential(values: dict, status: str) -> None:
    assert Credential(name="a", **values).status == status
