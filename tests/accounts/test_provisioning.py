from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from accounts import provisioning
from accounts.models import Credential
from accounts.secrets import keys

pytestmark = pytest.mark.django_db

SECRET = "a-proxy-key-from-the-environment"


def lines(**given: str) -> list[str]:
    return [found.line for found in provisioning.differences(given)]


def apply(**given: str) -> None:
    for found in provisioning.differences(given):
        found.apply()


def test_the_first_key_is_generated_and_returned_once() -> None:
    credential, secret = provisioning.ensure_credential()
    assert (credential.name, bytes(credential.digest)) == ("default", keys.digest(secret))
    assert provisioning.ensure_credential() == (credential, None)


def test_the_first_key_can_be_chosen() -> None:
    credential, secret = provisioning.ensure_credential(secret=SECRET)
    assert (bytes(credential.digest), secret) == (keys.digest(SECRET), None)


def test_an_unusable_key_is_refused_in_words() -> None:
    with pytest.raises(ImproperlyConfigured, match="PROXY_KEY cannot be used. A key needs 8 to 256"):
        provisioning.ensure_credential(secret="short")


def test_a_database_with_keys_gets_no_other() -> None:
    provisioning.ensure_credential("mine")
    assert provisioning.ensure_credential(secret=SECRET) == (None, None)
    assert Credential.objects.count() == 1


def test_variables_that_are_not_set_differ_from_nothing() -> None:
    provisioning.ensure_credential(secret=SECRET)
    assert lines() == []


def test_an_equal_key_does_not_differ() -> None:
    provisioning.ensure_credential(secret=SECRET)
    assert lines(PROXY_KEY=SECRET) == []


def test_a_different_key_is_told_by_name_only_and_applied() -> None:
    credential, _ = provisioning.ensure_credential()
    assert lines(PROXY_KEY=SECRET) == ["PROXY_KEY differs from the stored key default"]
    apply(PROXY_KEY=SECRET)
    assert lines(PROXY_KEY=SECRET) == []
    assert Credential.objects.get().pk == credential.pk


def test_a_missing_key_is_created() -> None:
    assert lines(PROXY_KEY=SECRET) == ["PROXY_KEY is set, but there is no key named default"]
    apply(PROXY_KEY=SECRET)
    assert lines(PROXY_KEY=SECRET) == []


def test_the_key_of_another_is_refused_in_words() -> None:
    provisioning.ensure_credential("other", SECRET)
    with pytest.raises(ImproperlyConfigured, match="exists already"):
        apply(PROXY_KEY=SECRET)


def test_the_admins_password_is_compared_and_applied() -> None:
    user = get_user_model().objects.create_superuser("root", password="old password")
    given = {"ADMIN_USERNAME": "root", "ADMIN_PASSWORD": "new password"}
    assert lines(**given) == ["ADMIN_PASSWORD differs from the password of root"]
    apply(**given)
    user.refresh_from_db()
    assert user.check_password("new password")
    assert lines(**given) == []


def test_an_admin_who_does_not_exist_is_created() -> None:
    given = {"ADMIN_USERNAME": "root", "ADMIN_PASSWORD": "a password"}
    assert lines(**given) == ["ADMIN_USERNAME names root, who does not exist"]
    apply(**given)
    assert get_user_model().objects.get(username="root").is_superuser
