"""What the serializers of projects, credentials and tokens have in common.

They are also what the commands use: a serializer wants the audit log's `actor` in its context, no request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import models, transaction
from rest_framework import serializers

from accounts import loglevels, statistics
from accounts.audit import audit
from accounts.audit.audit import Actor

from .fields import MOST, MOST_EXACT, Choice, Whole
from .strictness import BodySerializer


class RowSerializer(BodySerializer):
    """A change names only what it changes, with PUT like with PATCH; null clears."""

    kind: ClassVar[str]  # as the audit log calls it
    audited: ClassVar[tuple[str, ...]]
    # Its fields, where it shows fewer than the class it is made from.
    only: ClassVar[tuple[str, ...]] = ()
    # What null means for columns that have none.
    cleared: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    @property
    def actor(self) -> Actor:
        return self.context["actor"]

    def get_fields(self) -> dict[str, Any]:
        """Its own ones first: what it is before what it may and what it did."""
        fields = super().get_fields()
        own = [name for name in fields if not any(name in mixin._declared_fields for mixin in MIXINS)]
        return {name: fields[name] for name in self.only or dict.fromkeys([*own, *fields])}

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        for name, nothing in self.cleared.items():
            if name in values and values[name] is None:
                values[name] = nothing()
        return values

    @transaction.atomic
    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        row = type(instance)._default_manager.select_for_update().get(pk=instance.pk)
        values = self.steer(row, validated_data)
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return row
        before = self.shown(row, changed)
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(update_fields=[*changed, "updated_at"])
        audit.record(self.actor, f"{self.kind}.update", row, before=before, after=self.shown(row, changed))
        return row

    def steer(self, row: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Does what is more than a new value in a column; returns the rest."""
        return values

    @classmethod
    def shown(cls, row: models.Model, names: Any = None) -> dict[str, Any]:
        """For the audit log: never a secret."""
        return {name: cls.audited_value(row, name) for name in names or cls.audited}

    @classmethod
    def audited_value(cls, row: models.Model, name: str) -> Any:
        value = getattr(row, name)
        return str(value.pk) if isinstance(value, models.Model) else value


class LimitFields(serializers.Serializer):
    """Null is unlimited, 0 blocks."""

    names: ClassVar[tuple[str, ...]] = (
        "rate_limit",
        "rate_limit_per_minute",
        "tokens_per_minute",
        "max_concurrent_streams",
    )
    rate_limit = Whole(
        min_value=0, max_value=MOST, allow_null=True, required=False,
        help_text="Requests in any window of one second. Null: unlimited. 0: none at all.",
    )  # fmt: skip
    rate_limit_per_minute = Whole(
        min_value=0, max_value=MOST, allow_null=True, required=False,
        help_text="Requests in any window of one minute. Null: unlimited. 0: none at all.",
    )  # fmt: skip
    tokens_per_minute = Whole(
        min_value=0, max_value=MOST_EXACT, allow_null=True, required=False,
        help_text="Model tokens, of prompt and answer, in a minute. Null: unlimited. 0: none at all.",
    )  # fmt: skip
    max_concurrent_streams = Whole(
        min_value=0, max_value=MOST, allow_null=True, required=False,
        help_text="Streams at once. Null: unlimited. 0: none at all.",
    )  # fmt: skip


class RecordingFields(serializers.Serializer):
    """How much of a key's calls is recorded."""

    names: ClassVar[tuple[str, ...]] = ("log_policy",)
    log_policy = Choice(
        choices=list(loglevels.LEVELS), allow_null=True, required=False,
        help_text="What is recorded: everything, no bodies, or nothing but counts, and never more than its "
        "project allows. Null: like its project.",
    )  # fmt: skip


class UsageFields(serializers.Serializer):
    """How the key was used; a second or so late."""

    request_count = serializers.SerializerMethodField(
        help_text="Calls that reached a provider. Null while the records cannot be read."
    )
    cache_hit_count = serializers.SerializerMethodField(help_text="Calls that the cache answered.")
    last_used_at = serializers.SerializerMethodField(help_text="The last call; null before the first.")

    def get_request_count(self, row: Any) -> int | None:
        return _usage(row).request_count

    def get_cache_hit_count(self, row: Any) -> int | None:
        return _usage(row).cache_hit_count

    def get_last_used_at(self, row: Any) -> str | None:
        moment = _usage(row).last_used_at
        return serializers.DateTimeField().to_representation(moment) if moment else None


class FormerFields(serializers.Serializer):
    """Of a rotation."""

    rotated_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it last got a new secret."
    )
    former_expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when the secret before this one works, or worked."
    )


MIXINS = (LimitFields, RecordingFields, UsageFields, FormerFields)


def count_uses(rows: list[Any]) -> None:
    """Of a whole page at once."""
    found = statistics.of_keys(rows)
    for row in rows:
        row.usage = found[row.pk]


def _usage(row: Any) -> statistics.Statistics:
    if not hasattr(row, "usage"):
        count_uses([row])
    return row.usage
