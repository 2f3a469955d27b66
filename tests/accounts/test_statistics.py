from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from accounts import statistics
from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing
from accounts.statistics import Statistics
from accounts.tokens import quota, tokens
from logs_app.models import KeyUsage

ME = Actor("command", "tests")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_token(**values: Any) -> WitheringToken:
    project, _created = Project.objects.get_or_create(name="shop")
    return tokens.create(project, ME, lifetime={}, **values)[0]


def use(row: Any, kind: str = "token") -> None:
    KeyUsage.objects.create(
        kind=kind, key_id=str(row.pk), request_count=3, cache_hit_count=2, last_used_at=NOON
    )


@pytest.mark.django_db
def test_a_key_that_was_never_used_has_zeros() -> None:
    token = make_token()
    assert statistics.of_keys([token]) == {token.pk: Statistics(0, 0, None)}
    assert statistics.of_keys([]) == {}


@pytest.mark.django_db
def test_the_recorder_counts_for_keys_without_a_quota() -> None:
    issuing.issue(credential := Credential(name="app"))
    credential.save()
    use(credential, "credential")
    assert statistics.of_keys([credential]) == {credential.pk: Statistics(3, 2, NOON)}


@pytest.mark.django_db
def test_the_quota_counts_for_tokens_that_have_one() -> None:
    token = make_token(max_requests=10)
    use(token)
    quota.take(token.pk, 10)
    assert statistics.of_keys([token]) == {token.pk: Statistics(1, 2, NOON)}


@pytest.mark.django_db
def test_many_keys_cost_two_queries(django_assert_num_queries: Any) -> None:
    rows = [make_token(max_requests=n) for n in (0, 5, 0, 7)]
    with django_assert_num_queries(2):
        assert len(statistics.of_keys(rows)) == 4


@pytest.mark.django_db(transaction=True)
def test_while_the_records_are_away_the_quota_is_still_known() -> None:
    limited, free = make_token(max_requests=10), make_token()
    quota.take(limited.pk, 10)
    table = KeyUsage._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        found = statistics.of_keys([limited, free])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    assert found == {limited.pk: Statistics(1, None), free.pk: Statistics(None, None)}
