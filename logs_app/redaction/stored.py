"""Records that are stored already, redacted by the rules of now: each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import models, transaction
from django.db.models import QuerySet

from logs_app import rollups, search
from logs_app.assembly import columns
from logs_app.finding import walking
from logs_app.models import Attempt, LogPayload, LogRecord, RecordTag, Series

from . import records
from .redactor import Redactor

BATCH = 100
RedactorFor = Callable[[str], Redactor | None]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """After a batch."""

    seen: int = 0
    changed: int = 0
    exempt: int = 0  # of projects that are not redacted
    until: datetime | None = None


@dataclass(slots=True)
class Stored:
    """One record with everything that was said, as rows."""

    record: Row
    payload: Row
    attempts: list[Row]

    @classmethod
    def of(cls, record: LogRecord) -> Stored:
        return cls(_row(record), _row(record.payload), [_row(attempt) for attempt in record.attempts])

    def redacted(self, redactor: Redactor) -> Stored:
        copy = Stored(dict(self.record), dict(self.payload), [dict(row) for row in self.attempts])
        records.redact(redactor, copy.record, copy.payload, copy.attempts)
        return copy


def redact(
    selected: QuerySet[LogRecord], redactor_for: RedactorFor, using: str, *, batch: int = BATCH
) -> Iterator[Progress]:
    """Oldest first. What was redacted before stays so, and its numbers go on where they ended."""
    progress = Progress()
    for rows in walking.pages(selected.using(using), batch):
        found = [_redact(record, redactor_for, using) for record in rows]
        progress = Progress(
            progress.seen + len(rows),
            progress.changed + found.count(True),
            progress.exempt + found.count(None),
            rows[-1].created_at,
        )
        yield progress


def counts(record: LogRecord) -> dict[str, int]:
    """The highest number of each label that the record has."""
    return {label: count for label, count in record.redactions.items() if type(count) is int}


def _redact(record: LogRecord, redactor_for: RedactorFor, using: str) -> bool | None:
    """Whether it changed; None where records are kept as they are."""
    redactor = redactor_for(record.project_id)
    if redactor is None:
        return None
    redactor.counts.update(counts(record))
    old = Stored.of(record)
    new = old.redacted(redactor)
    with transaction.atomic(using=using):
        is_changed = _save(LogRecord, record.pk, old.record, new.record, using)
        is_changed |= _save(LogPayload, record.pk, old.payload, new.payload, using)
        for before, after in zip(old.attempts, new.attempts, strict=True):
            is_changed |= _save(Attempt, (record.pk, before["number"]), before, after, using)
        if is_changed:
            _renew_tags(record, new.record, using)
            if new.record["model"] != old.record["model"]:
                rollups.adjust(using, [(old.record, new.record)])
                _rename_series(record.project_id, old.record["model"], new.record["model"], using)
            search.renew([record.pk], using)
    return is_changed


def _rename_series(project_id: str, before: str, after: str, using: str) -> None:
    """Sums outlive their records, and a name that was to go would stay in statistics and filters."""
    if not LogRecord.objects.using(using).filter(project_id=project_id, model=before).exists():
        Series.objects.using(using).filter(project_id=project_id, model=before).update(model=after)


def _save(model: type[models.Model], pk: Any, old: Row, new: Row, using: str) -> bool:
    """Whether anything that was said has changed."""
    changed = {name: _loaded(model, name, value) for name, value in new.items() if value != old[name]}
    if changed:
        model._default_manager.using(using).filter(pk=pk).update(**changed)
    return not changed.keys() <= {"redaction_version"}


def _renew_tags(record: LogRecord, new: Row, using: str) -> None:
    tags = orjson.loads(new["tags"])
    if tags != record.tags:
        rows = RecordTag.objects.using(using).filter(record_id=record.pk)
        rows.delete()
        rows.bulk_create([RecordTag(record_id=record.pk, tag=tag) for tag in dict.fromkeys(tags)])


def _row(row: models.Model) -> Row:
    return {field.attname: _stored(field, getattr(row, field.attname)) for field in row._meta.concrete_fields}


def _stored(field: Any, value: Any) -> Any:
    """As `assembly` spells it."""
    if isinstance(field, models.JSONField):
        return None if value is None else columns.json_text(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _loaded(model: type[models.Model], name: str, value: Any) -> Any:
    field: Any = model._meta.get_field(name)
    if isinstance(field, models.JSONField):
        return orjson.loads(value) if value is not None else None
    return columns.text(value, field.max_length) if isinstance(field, models.CharField) else value
