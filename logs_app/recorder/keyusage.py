"""How keys were used: counted by the recorder, in the transaction that writes the records.

Refused calls do not count. A call that was answered from the cache counts as a hit, and not as a request: it
reached no provider, and a quota does not count it either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from logs_app.models import KeyUsage, Outcome

TABLE = KeyUsage._meta.db_table
ADD = f"""
INSERT INTO {TABLE} (kind, key_id, request_count, cache_hit_count, last_used_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (kind, key_id) DO UPDATE SET
    request_count = {TABLE}.request_count + excluded.request_count,
    cache_hit_count = {TABLE}.cache_hit_count + excluded.cache_hit_count,
    last_used_at = CASE WHEN excluded.last_used_at > {TABLE}.last_used_at
        THEN excluded.last_used_at ELSE {TABLE}.last_used_at END
"""

Key = tuple[str, str]  # kind and id


def add(cursor: Any, records: Iterable[dict[str, Any]]) -> None:
    """One statement for each key, in one order everywhere: two recorders would else wait for each other."""
    sums = sum_up(records)
    cursor.executemany(ADD, [(*key, *sums[key]) for key in sorted(sums)])


def sum_up(records: Iterable[dict[str, Any]]) -> dict[Key, list[Any]]:
    """By key: requests, cache hits, and the moment of the last of them."""
    sums: dict[Key, list[Any]] = {}
    for record in records:
        if not record["key_id"] or record["outcome"] == Outcome.REJECTED:
            continue
        used = sums.setdefault((record["key_kind"], record["key_id"]), [0, 0, record["created_at"]])
        used[1 if record["is_cached"] else 0] += 1
        used[2] = max(used[2], record["created_at"])
    return sums


def read(kind: str, key_ids: Iterable[str]) -> dict[str, KeyUsage]:
    """Of those that were ever used, in one query."""
    return {row.key_id: row for row in KeyUsage.objects.filter(kind=kind, key_id__in=list(key_ids))}
