"""What holds for all calls, in the management API."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import singlerow
from accounts.api.fields import Choice, Flag, Number, Policy, Text, Whole
from accounts.api.modelrows import ModelSerializer
from accounts.audit import actors

from ..models import RelaySettings

COLUMNS = [
    field for field in RelaySettings._meta.concrete_fields if field.name not in ("id", "policy", "updated_at")
]
MOST_SMALL = 32767  # that fits into such a column


class SettingsSerializer(ModelSerializer):
    """What is empty in a provider or a route is taken from here. Null sets the default again."""

    kind = "settings"
    model = RelaySettings
    audited = tuple(field.name for field in COLUMNS) + ("policy",)
    cleared = {field.name: field.get_default for field in COLUMNS if not field.null} | {"policy": dict}

    policy = Policy(required=False, allow_null=True, help_text="What calls may contain, for every key.")
    updated_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was last changed; null: never."
    )

    def get_fields(self) -> dict[str, Any]:
        return {field.name: field_of(field) for field in COLUMNS} | super().get_fields()


def field_of(column: models.Field[Any, Any]) -> serializers.Field:
    """As the column is: its help, its limits, its choices."""
    options: dict[str, Any] = {"required": False, "allow_null": True, "help_text": _help(column)}
    if column.choices:
        return Choice(choices=column.choices, **options)
    if isinstance(column, models.BooleanField):
        return Flag(**options)
    if isinstance(column, models.FloatField):
        return Number(**_limits(column), **options)
    if isinstance(column, models.PositiveSmallIntegerField):
        return Whole(**({"min_value": 0, "max_value": MOST_SMALL} | _limits(column)), **options)
    return Text(max_length=column.max_length, allow_blank=column.blank, **options)


def _help(column: models.Field[Any, Any]) -> str:
    return str(column.help_text or f"{column.verbose_name}.".capitalize())


def _limits(column: models.Field[Any, Any]) -> dict[str, Any]:
    """Those of the model and not those that the database adds."""
    names = {MinValueValidator: "min_value", MaxValueValidator: "max_value"}
    return {names[type(each)]: each.limit_value for each in column._validators if type(each) in names}


@extend_schema_view(
    get=extend_schema(summary="Show the settings", responses=SettingsSerializer),
    put=extend_schema(
        summary="Change the settings", request=SettingsSerializer, responses=SettingsSerializer
    ),
    patch=extend_schema(
        summary="Change the settings", request=SettingsSerializer, responses=SettingsSerializer
    ),
)
class Settings(APIView):
    """What holds for all calls. A change holds in every process within a second."""

    queryset = RelaySettings.objects.all()

    def get(self, request: Request) -> Response:
        return Response(SettingsSerializer(singlerow.read(RelaySettings)).data)

    def put(self, request: Request) -> Response:
        return self._change(request)

    def patch(self, request: Request) -> Response:
        return self._change(request)

    def _change(self, request: Request) -> Response:
        row, context = singlerow.kept(RelaySettings), {"actor": actors.of(request)}
        serializer = SettingsSerializer(row, data=request.data, partial=True, context=context)
        serializer.is_valid(raise_exception=True)
        return Response(SettingsSerializer(serializer.save()).data)
