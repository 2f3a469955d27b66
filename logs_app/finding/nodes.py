"""The machines of the relay, by what each has recorded last."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery

from logs_app import seeding
from logs_app.models import LogRecord, Node


def recording() -> Any:
    """Each with the moment of its newest record as `last`, None without one."""
    newest = LogRecord.objects.filter(node=OuterRef("pk"), seq=OuterRef("seq")).values("created_at")[:1]
    return Node.objects.exclude(pk=seeding.NODE).annotate(last=Subquery(newest)).order_by("pk")
