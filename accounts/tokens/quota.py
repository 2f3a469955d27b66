"""What a token with `max_requests` has used. Exact across processes: one conditional statement takes one use.

A use is lost only when the process dies between taking it and reaching the provider; none is ever won.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connections, router
from django.db.models import F

from ..models import TokenQuota

TABLE = TokenQuota._meta.db_table
LOOK = f"SELECT used FROM {TABLE} WHERE token_id = %s"
# Returns a row when it took one. In one statement, because between two others would come.
TAKE = f"""
INSERT INTO {TABLE} (token_id, used) VALUES (%s, 1)
ON CONFLICT (token_id) DO UPDATE SET used = {TABLE}.used + 1 WHERE {TABLE}.used < %s
RETURNING used
"""


def take(token_id: UUID, max_requests: int) -> bool:
    """False when nothing is left. Raises django.db.Error when the database cannot say."""
    if max_requests < 1:
        return False
    connection = connections[router.db_for_write(TokenQuota)]
    given = TokenQuota._meta.pk.get_db_prep_value(token_id, connection)
    with connection.cursor() as cursor:
        # Without the lock of a writer, so that whoever goes on calling with a dead token disturbs nobody.
        cursor.execute(LOOK, [given])
        if (row := cursor.fetchone()) and row[0] >= max_requests:
            return False
        cursor.execute(TAKE, [given, max_requests])
        return cursor.fetchone() is not None


def give_back(token_id: UUID) -> None:
    TokenQuota.objects.filter(token_id=token_id, used__gt=0).update(used=F("used") - 1)


def used(token_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Of those that were ever taken from."""
    rows = TokenQuota.objects.filter(token_id__in=list(token_ids))
    return dict(rows.values_list("token_id", "used"))
