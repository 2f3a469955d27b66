from __future__ import annotations

import uuid

import pytest
from django.db import connections

from accounts.tokens import quota
from tests.managing import elsewhere
from tests.scratch import Scratch

TOKEN = uuid.uuid4()
# In a process of its own: as many uses as there are, and then their number.
TAKE_ALL = """
import sys, uuid, django
from django.conf import settings
from relay.environment import databases
database = {database!r}
apps = ["django.contrib.contenttypes", "accounts"]
settings.configure(DATABASES={{"default": database}}, INSTALLED_APPS=apps, USE_TZ=True,
                   DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()
from accounts.tokens import quota
token = uuid.UUID({token!r})
print("ready", flush=True)
sys.stdin.readline()
print(sum(quota.take(token, 50) for _ in range(40)))
"""


@pytest.mark.django_db
def test_uses_are_taken_until_none_is_left() -> None:
    assert [quota.take(TOKEN, 2) for _ in range(4)] == [True, True, False, False]
    assert quota.used([TOKEN]) == {TOKEN: 2}


@pytest.mark.django_db
def test_a_use_given_back_can_be_taken_again() -> None:
    quota.take(TOKEN, 1)
    quota.give_back(TOKEN)
    assert quota.take(TOKEN, 1)


@pytest.mark.django_db
def test_none_is_won_by_giving_back_too_often() -> None:
    quota.take(TOKEN, 1)
    for _ in range(3):
        quota.give_back(TOKEN)
    assert [quota.take(TOKEN, 1), quota.take(TOKEN, 1)] == [True, False]


@pytest.mark.django_db
def test_a_raised_maximum_gives_more_and_a_lowered_one_none() -> None:
    assert [quota.take(TOKEN, 1), quota.take(TOKEN, 1), quota.take(TOKEN, 2)] == [True, False, True]
    assert not quota.take(TOKEN, 1)


@pytest.mark.django_db
def test_of_nothing_nothing_is_taken() -> None:
    assert not quota.take(TOKEN, 0)
    assert quota.used([TOKEN]) == {}


def test_eight_processes_take_exactly_what_there_is(scratch: Scratch) -> None:
    connections[scratch.alias].close()
    program = TAKE_ALL.format(database=scratch.settings, token=str(TOKEN)).replace("PosixPath(", "str(")
    with elsewhere(program, count=8) as processes:
        for process in processes:  # all at once, when all are there
            process.go_on()
        taken = [int(process.communicate()) for process in processes]
        assert [process.returncode for process in processes] == [0] * 8
    assert sum(taken) == 50
    assert scratch.fetch("SELECT used FROM accounts_tokenquota") == [(50,)]
