"""The audit log in the management API: to be read, and nothing else."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.audit.events import OUTCOMES, AuditEvent

from .filters import ChoiceFilter, FilterSerializer, IdFilter, MomentFilter, TextFilter
from .viewsets import Numbered, Reading


@extend_schema_field(OpenApiTypes.OBJECT)
class StoredObject(serializers.Field):
    """Kept as text, because a hash needs the very characters."""

    def to_representation(self, value: str) -> Any:
        return orjson.loads(value) if value else None


class EventSerializer(serializers.Serializer):
    """Something that was done, or tried."""

    id = serializers.IntegerField(help_text="In order of writing.")
    node = serializers.CharField(help_text="The machine that wrote it.")
    seq = serializers.IntegerField(help_text="Its place in the chain of that machine.")
    created_at = serializers.DateTimeField(help_text="When it happened.")
    actor_kind = serializers.CharField(
        help_text="user, token (the management token), key, command or system."
    )
    actor_name = serializers.CharField(help_text="Who did it.")
    client_ip = serializers.CharField(help_text="From where; empty for commands.")
    request_id = serializers.CharField(help_text="The `x-request-id` of the call.")
    action = serializers.CharField(help_text="What was done, such as `project.create`.")
    target_kind = serializers.CharField(help_text="The kind of thing it was done to.")
    target_id = serializers.CharField(help_text="Its id.")
    target_name = serializers.CharField(help_text="Its name at that time.")
    outcome = serializers.ChoiceField(choices=OUTCOMES, help_text="How it ended.")
    repeats = serializers.IntegerField(help_text="How often, where repeats were folded into one event.")
    before = StoredObject(allow_null=True, help_text="What changed, as it was. Secrets are masked.")
    after = StoredObject(allow_null=True, help_text="What changed, as it is now. Secrets are masked.")
    detail = StoredObject(allow_null=True, help_text="Whatever else there is to say.")
    hash = serializers.CharField(help_text="Of this event and the one before it on its machine.")


class EventFilters(FilterSerializer):
    aliases = {"start_time": "since", "end_time": "until", "correlation_id": "request_id"}

    search = TextFilter(help_text="Part of actor, action, target or details.")
    action = TextFilter(help_text="An action, or its beginning: `project` or `project.create`.")
    actor = TextFilter(help_text="The name or the kind of an actor.")
    client_ip = TextFilter(help_text="An address.")
    request_id = TextFilter(help_text="An `x-request-id`.")
    outcome = ChoiceFilter(choices=OUTCOMES, help_text="Only one outcome.")
    project_id = IdFilter(help_text="What was done to a project or to its keys.")
    target_kind = TextFilter(help_text="The kind of thing.")
    target_id = TextFilter(help_text="The id of a thing.")
    method = TextFilter(help_text="An HTTP method.")
    path = TextFilter(help_text="A path.")
    since = MomentFilter(help_text="Not before this moment. Also start_time.")
    until = MomentFilter(help_text="Not after this moment. Also end_time.")

    def by_search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        columns = ("actor_name", "action", "target_name", "target_id", "detail", "before", "after")
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": text})
        return rows.filter(found)

    def by_action(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(action=text) | Q(action__startswith=f"{text}."))

    def by_actor(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(actor_name=text) | Q(actor_kind=text))

    def by_project_id(self, rows: QuerySet[Any], project_id: uuid.UUID) -> QuerySet[Any]:
        named = Q(target_id=str(project_id))
        for column in ("before", "after", "detail"):
            named |= Q(**{f"{column}__contains": f'"{project_id}"'})
        return rows.filter(named)

    def by_method(self, rows: QuerySet[Any], method: str) -> QuerySet[Any]:
        return rows.filter(detail__contains=_member("method", method.upper()))

    def by_path(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        return rows.filter(detail__contains=_member("path", path))

    def by_since(self, rows: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
        return rows.filter(created_at__gte=moment)

    def by_until(self, rows: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
        return rows.filter(created_at__lte=moment)


class Audit(Numbered, Reading):
    """Who did what, when and from where."""

    noun = "audit event"
    identified = (int, "The id of an event.")
    queryset = AuditEvent.objects.all()
    serializer_class = EventSerializer
    filters = EventFilters


def _member(name: str, value: str) -> str:
    """As it stands in the stored text of an object."""
    return orjson.dumps({name: value}).decode()[1:-1]
