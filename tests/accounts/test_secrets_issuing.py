from __future__ import annotations

import pytest

from accounts.errors import Invalid, Taken
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing, keys

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


def test_a_key_may_be_given_the_secret_it_has() -> None:
    row = Credential(name="app")
    issuing.issue(row, CHOSEN)
    row.save()
    assert issuing.issue(row, CHOSEN) == CHOSEN
