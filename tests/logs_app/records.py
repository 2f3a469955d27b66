"""Records in the test's own database, made of exchanges as the recorder makes them."""

from __future__ import annotations

from typing import Any

from logs_app.assembly import assemble
from logs_app.journal.segments import PART
from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from tests.logs_app.journals import ANSWER, REQUEST, new_id
from tests.logs_app.test_assembly_transcript import answered, closed, opened


def add_record(
    answer: bytes = ANSWER,
    *,
    request: bytes = REQUEST,
    opened_with: dict[str, Any] | None = None,
    answered_with: dict[str, Any] | None = None,
    closed_with: dict[str, Any] | None = None,
    limit: int = 1 << 20,
) -> LogRecord:
    return add_records([(answer, request, opened_with, answered_with, closed_with)], limit)[0]


def add_records(exchanges: list[tuple[Any, ...]], limit: int = 1 << 20) -> list[LogRecord]:
    batch = []
    for answer, request, opened_with, answered_with, closed_with in exchanges:
        pieces = [
            opened(request, **opened_with or {}),
            answered(**answered_with or {}),
            (PART, 2000, answer),
            closed(**closed_with or {}),
        ]
        batch.append(assemble(new_id(), "node-a", pieces, limit))
    store = Store()
    store.register("node-a")
    store.write(batch, [], [], lambda rows, error: iter(()))
    return [LogRecord.objects.get(pk=rows.record["id"]) for rows in batch]


def many(count: int, **opened_with: Any) -> list[LogRecord]:
    return add_records([(ANSWER, REQUEST, opened_with, None, None)] * count)
