from __future__ import annotations

import pytest

from accounts.audit.audit import Actor
from accounts.errors import Invalid, Taken
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing, keys, rotation

pytestmark = pytest.mark.django_db

CHOSEN = "a-secret-that-was-chosen-here"


def test_a_secret_is_made_where_none_was_chosen() -> None:
    row = Credential(name="app")
    secret = issuing.issue(row)
    assert secret.startswith("sk-")
    assert (row.digest, row.prefix) == (keys.digest(secret), keys.shown_prefix(secret))


def test_a_chosen_secret_is_taken_as_it_is() -> None:
    assert issuing.issue(Credential(name="app"), CHOSEN) == CHOSEN


def test_a_secret_that_cannot_be_used_is_refused_in_words() -> None:
    with pytest.raises(Invalid, match="8 to 256") as refused:
        issuing.issue(Credential(name="app"), "short", field="secret")
    assert refused.value.field == "secret"


def test_one_secret_does_not_open_two_doors() -> None:
    token = WitheringToken(project=Project.objects.create(name="shop"))
    issuing.issue(token, CHOSEN)
    token.save()
    with pytest.raises(Taken, match="exists already"):
        issuing.issue(Credential(name="app"), CHOSEN)


def test_a_former_secret_is_taken_too() -> None:
    Credential.objects.create(name="app", digest=b"other", former_digest=keys.digest(CHOSEN))
    with pytest.raises(Taken):
        issuing.issue(Credential(name="new"), CHOSEN)


def test_a_key_is_found_by_what_is_known_of_the_beginning_of_its_secrets() -> None:
    row = Credential(name="app")
    secrets = [issuing.issue(row)]
    row.save()
    secrets.append(rotation.rotate(row, Actor("command", "tests")))

    def is_found(piece: str) -> bool:
        return Credential.objects.filter(issuing.resembling(piece)).exists()

    for secret in secrets:
        known = (secret, secret[:8], secret[:12], secret[:20], keys.shown_prefix(secret), secret[:20] + "…")
        known += (f"Bearer {secret}", f"Bearer {secret[:8]}")
        assert all(is_found(piece) for piece in (*known, f"{secret[:6]}…{secret[-4:]}", f"{secret[:9]}***"))
        assert not any(
            is_found(piece) for piece in (secret[-6:], secret[20:30], f"…{secret[-4:]}", "sk-nobody")
        )


def test_a_key_may_be_given_the_secret_it_has() -> None:
    row = Credential(name="app")
    issuing.issue(row, CHOSEN)
    row.save()
    assert issuing.issue(row, CHOSEN) == CHOSEN
