"""A new secret for a credential or a token."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit import actors
from accounts.secrets import issuing, rotation

from .fields import Duration, Text
from .rows import count_uses
from .strictness import BodySerializer
from .viewsets import Rows


class RotationSerializer(BodySerializer):
    """How to rotate; nothing of it is needed."""

    grace = Duration(
        required=False, allow_null=True,
        help_text="How long the old secret goes on working: 30m, 24h, 7d. Without it: not at all.",
    )  # fmt: skip
    run = Text(
        required=False, allow_null=True, allow_blank=True, max_length=64,
        help_text="A name of your own for this rotation; a repeat under the same name changes nothing.",
    )  # fmt: skip


class SecretRows(Rows):
    """Rows that have a secret, and statistics of its use."""

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        count_uses(rows or [])
        return rows

    @property
    def absent(self) -> str:
        return f"{super().absent} What is known of a secret is searched for in the list (search)."

    def of_secret(self, rows: QuerySet[Any], secret: str) -> Any | None:
        return rows.filter(pk__in=issuing.of_secret(rows.model, secret).values("pk")).first()

    def renew(self) -> Response:
        wish = RotationSerializer(data=self.request.data)
        wish.is_valid(raise_exception=True)
        row = self.get_object()
        grace, run = (
            wish.validated_data.get("grace") or rotation.NO_GRACE,
            wish.validated_data.get("run") or "",
        )
        row.shown_once = rotation.rotate(row, actors.of(self.request), grace=grace, run=run)
        return self.answer(row)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="end-grace", verb="change")
    def end_grace(self, request: Request, pk: str) -> Response:
        """Ends the grace of a rotation: the old secret stops working now."""
        row = self.get_object()
        rotation.end_grace(row, actors.of(request))
        return self.answer(row)
