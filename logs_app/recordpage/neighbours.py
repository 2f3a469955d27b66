"""The calls beside this one: in its session, and those that it came of or that came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from logs_app.models import LogRecord, LogRecordQuerySet

MOST_CHILDREN = 20


@dataclass(frozen=True, slots=True)
class Neighbours:
    previous: LogRecord | None = None
    next: LogRecord | None = None
    parent: LogRecord | None = None
    children: list[LogRecord] = field(default_factory=list)

    @property
    def helpers(self) -> list[LogRecord]:
        """What the steps of its route asked."""
        return [child for child in self.children if child.lineage == "processor"]


def of(record: LogRecord, visible: LogRecordQuerySet) -> Neighbours:
    previous = following = None
    if record.session:
        # As the index of sessions is: of those that have one.
        session = visible.exclude(session="").filter(session=record.session, lineage=record.lineage)
        previous = session.filter(pk__lt=record.pk).order_by("-pk").first()
        following = session.filter(pk__gt=record.pk).order_by("pk").first()
    parent = visible.filter(pk=record.parent).first() if record.parent else None
    children = list(visible.filter(parent=record.pk).order_by("pk")[:MOST_CHILDREN])
    return Neighbours(previous, following, parent, children)
