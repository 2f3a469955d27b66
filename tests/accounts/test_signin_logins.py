from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts.audit.events import AuditEvent
from accounts.signin import logins
from accounts.signin.lockout import LockedOut

pytestmark = pytest.mark.django_db
PASSWORD = "engine-of-1843"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD, is_staff=True)


@pytest.fixture
def sign_in(rf):
    return lambda name, password: logins.sign_in(rf.post("/admin/login"), name, password)


def events() -> list[tuple[str, str, str]]:
    return list(AuditEvent.objects.order_by("id").values_list("action", "target_name", "outcome"))


def test_staff_with_the_right_password_is_let_in(ada, sign_in):
    assert sign_in("ada", PASSWORD) == ada
    assert events() == [("login.success", "ada", "success")]


def test_a_wrong_password_is_not(ada, sign_in):
    assert sign_in("ada", "wrong") is None
    assert events() == [("login.failure", "ada", "failure")]


@pytest.mark.parametrize("values", [{"is_staff": False}, {"is_active": False}])
def test_nobody_else_is_with_the_right_one(ada, sign_in, values):
    User.objects.update(**values)
    assert sign_in("ada", PASSWORD) is None


def test_a_name_that_is_nobodys_is_not_written_down(sign_in):
    assert sign_in("my-password-in-the-wrong-field", "x") is None
    assert events() == [("login.failure", logins.UNKNOWN, "failure")]
    assert not AuditEvent.objects.exclude(actor_name=logins.UNKNOWN).exists()


def test_too_many_failures_lock_even_the_right_password_out(ada, sign_in, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    assert sign_in("ada", "wrong") is None
    for password in ("wrong", PASSWORD):
        with pytest.raises(LockedOut):
            sign_in("ada", password)
    assert events()[1:] == [("login.failure", "ada", "failure"), ("login.lockout", "ada", "denied")]


def test_a_success_starts_the_count_anew(ada, sign_in, settings):
    settings.LOGIN_FAILURE_LIMIT = 2
    for _ in range(3):
        assert sign_in("ada", "wrong") is None
        assert sign_in("ada", PASSWORD) == ada
