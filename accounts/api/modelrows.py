"""Rows whose rules are those of their model: what the admin refuses, the API refuses in the same words."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from rest_framework import serializers

from accounts.audit import audit
from accounts.fields import EncryptedTextField

from .errors import WHOLE
from .rows import RowSerializer


class ModelSerializer(RowSerializer):
    """`model` has the validators and `clean`; the fields here only know types."""

    model: ClassVar[type[models.Model]]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        row = copy.copy(self.instance) if self.instance else self.model()
        columns = {field.name for field in self.model._meta.concrete_fields}
        for name in columns & attrs.keys():
            setattr(row, name, attrs[name])
        judge(row)
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Any:
        row = self.model(**validated_data)
        row.save()
        audit.record(self.actor, f"{self.kind}.create", row, after=self.shown(row))
        return row


def judge(row: models.Model) -> None:
    """What is unique has a validator of its own, which says 409; a secret may be unreadable."""
    secrets = [field.name for field in row._meta.concrete_fields if isinstance(field, EncryptedTextField)]
    try:
        row.full_clean(exclude=secrets, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        messages = {
            WHOLE if name == NON_FIELD_ERRORS else name: texts for name, texts in error.message_dict.items()
        }
        raise serializers.ValidationError(messages) from None
