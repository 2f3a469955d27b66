from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import LoginFailure
from accounts.signin import lockout
from accounts.signin.lockout import LockedOut

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_failures(settings):
    settings.LOGIN_FAILURE_LIMIT = 3
    settings.LOGIN_LOCKOUT_SECONDS = 60


def fail(address: str = "10.0.0.1", name: str = "ada", times: int = 1) -> list[bool]:
    return [lockout.take(lockout.counters(address, name)) for _ in range(times)]


def is_locked(address: str = "10.0.0.1", name: str = "ada") -> bool:
    try:
        lockout.refuse_locked(lockout.counters(address, name))
    except LockedOut:
        return True
    return False


def age(seconds: int) -> None:
    for failure in LoginFailure.objects.all():
        failure.last_at -= timedelta(seconds=seconds)
        failure.save()


def test_the_last_attempt_says_so():
    assert fail(times=3) == [False, False, True]
    assert is_locked()


def test_one_more_is_refused_even_past_the_first_look():
    fail(times=3)
    with pytest.raises(LockedOut) as locked:
        fail()
    assert 58 < locked.value.seconds <= 61


def test_others_are_not_locked():
    fail(times=3)
    assert not is_locked(name="grace") and not is_locked(address="10.0.0.2")


def test_spelling_a_name_otherwise_is_no_new_attempt():
    assert fail(name="ada") + fail(name="ADA") + fail(name="Ada") == [False, False, True]


def test_an_address_is_locked_after_five_times_as_many_for_any_name():
    outcomes = [fail(name=f"user {number}")[0] for number in range(15)]
    assert outcomes == [False] * 14 + [True]
    assert is_locked(name="somebody else") and not is_locked(address="10.0.0.2")


def test_neighbours_in_an_ipv6_network_are_one():
    fail(address="2001:db8::1", times=2)
    assert fail(address="2001:db8::2") == [True]
    assert not is_locked(address="2001:db8:0:1::1")


def test_an_ipv4_address_is_the_same_in_ipv6():
    fail(address="10.0.0.1", times=3)
    assert is_locked(address="::ffff:10.0.0.1")


def test_a_lock_ends():
    fail(times=3)
    age(61)
    assert not is_locked()
    assert fail(times=3) == [False, False, True]


def test_a_success_forgets_the_name_and_gives_the_address_its_attempt_back():
    for _ in range(5):
        fail(times=2)
        lockout.forget(lockout.counters("10.0.0.1", "ada"))
    assert not is_locked()
    assert sorted(LoginFailure.objects.values_list("failures", flat=True)) == [5]


def test_what_is_over_is_forgotten():
    fail(name="ada")
    age(61)
    fail(name="grace")
    assert LoginFailure.objects.count() == 2


def test_no_name_and_no_address_is_stored():
    fail(name="grace")  # no hexadecimal digits: a hash cannot contain them by chance
    assert not any("grace" in row.id or "10.0" in row.id for row in LoginFailure.objects.all())


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_like_many_in_turn():
    def attempt(_: int) -> str:
        try:
            return "last" if fail()[0] else "taken"
        except LockedOut:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(12)))
    assert outcomes == ["last"] + ["refused"] * 9 + ["taken"] * 2
