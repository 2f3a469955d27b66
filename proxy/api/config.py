"""The version of the configuration, which every process follows, in the management API."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import configversion
from accounts.audit import actors, audit
from accounts.models import ConfigChange, ConfigVersion, Credential

from ..models import Provider


class VersionSerializer(serializers.Serializer):
    """Every change of projects, keys, providers, routes or settings moves it."""

    version = serializers.IntegerField(help_text="Of the configuration.")
    timestamp = serializers.DateTimeField(help_text="Now.")


class ReloadSerializer(VersionSerializer):
    """What was read anew."""

    providers_count = serializers.IntegerField(help_text="How many providers there are.")
    credentials_count = serializers.IntegerField(help_text="How many credentials there are.")


class Version(APIView):
    queryset = Provider.objects.all()

    @extend_schema(summary="Show the version of the configuration", responses=VersionSerializer)
    def get(self, request: Request) -> Response:
        """Tells the version of the configuration. Processes follow it three times a second."""
        return Response(
            VersionSerializer({"version": configversion.current(), "timestamp": timezone.now()}).data
        )


class Reload(APIView):
    queryset = Provider.objects.all()
    verb = "change"

    @extend_schema(summary="Reload the configuration", request=None, responses=ReloadSerializer)
    def post(self, request: Request) -> Response:
        """Makes every process read the whole configuration again, within a second. No change needs it."""
        found = {
            "version": move(),
            "timestamp": timezone.now(),
            "providers_count": Provider.objects.count(),
            "credentials_count": Credential.objects.count(),
        }
        audit.record(actors.of(request), "config.reload")
        return Response(ReloadSerializer(found).data)


@transaction.atomic
def move() -> int:
    """To a version at which whole tables count as changed."""
    ConfigVersion.objects.get_or_create(pk=1, defaults={"version": 0})
    ConfigVersion.objects.update(version=F("version") + 1)
    moved = configversion.current()
    for model in (Credential, Provider):
        ConfigChange.objects.create(version=moved, table_name=model._meta.db_table, row_pk="")
    return moved
