"""Purges as rows: ordered by console or command, followed by every process with its next snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ..models import CachePurge
from . import purge
from .purge import Purge

TABLE = CachePurge._meta.db_table
_KEPT = timedelta(days=7)  # longer than any process goes on without its database
_MOST = 200


def order(criteria: Mapping[str, Any]) -> Purge:
    CachePurge.objects.filter(created_at__lt=timezone.now() - _KEPT).delete()
    return _purge(CachePurge.objects.create(criteria=dict(criteria)))


def read(using: str) -> tuple[Purge, ...]:
    """The latest, in their order."""
    rows = CachePurge.objects.using(using).order_by("-pk")[:_MOST]
    return tuple(_purge(row) for row in reversed(rows))


def _purge(row: CachePurge) -> Purge:
    return purge.of_criteria(row.criteria, row.pk, row.created_at.timestamp())
