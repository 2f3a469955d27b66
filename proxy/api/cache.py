"""The response cache in the management API: how full it is, and what is to go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.fields import Choice, Flag, Text
from accounts.api.strictness import BodySerializer
from accounts.audit import actors, audit
from accounts.errors import Invalid, Unknown
from accounts.models import Project
from logs_app.presentation.presentation import cost

from ..cache import forgetting, savings
from ..models import CachePurge

METHODS = ("GET", "HEAD", "POST")
LONGEST = 2048


class PurgeSerializer(BodySerializer):
    """What is to go; all that is named must fit. An empty request is refused: say `all`."""

    method = Choice(choices=list(METHODS), required=False, help_text="Of the calls that were answered.")
    url = Text(
        max_length=LONGEST, required=False,
        help_text="A path or a whole address: the answers to calls of it. A query counts where there is one.",
    )  # fmt: skip
    prefix = Text(max_length=LONGEST, required=False, help_text="How the path begins, such as /v1/chat.")
    model = Text(max_length=200, required=False, help_text="As it was asked for.")
    project = Text(max_length=200, required=False, help_text="The id of a project, or its name.")
    provider = Text(max_length=200, required=False, help_text="The key of the one that gave the answer.")
    tag = Text(max_length=200, required=False, help_text="Of x-relay-tags of the call that was stored.")
    all = Flag(required=False, help_text="Everything.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return criteria_of({name: value for name, value in attrs.items() if value})


class PurgedSerializer(serializers.Serializer):
    """What went."""

    deleted = serializers.IntegerField(
        help_text="Answers: those in Redis, or in the workers of this machine; other machines follow at once."
    )


class CacheSerializer(serializers.Serializer):
    """How the cache is. The counts are of the workers of this machine since they began."""

    enabled = serializers.BooleanField(help_text="HTTP_CACHE_ENABLED.")
    backend = serializers.CharField(help_text="in-memory or redis.")
    workers = serializers.IntegerField(help_text="Processes that keep or ask for answers here.")
    entries = serializers.IntegerField(allow_null=True, help_text="Stored answers; null while Redis is away.")
    bytes = serializers.IntegerField(allow_null=True, help_text="Their size; null in Redis.")
    limit_bytes = serializers.IntegerField(allow_null=True, help_text="Of each worker; null in Redis.")
    hits = serializers.IntegerField(help_text="Calls answered from the cache.")
    misses = serializers.IntegerField(help_text="Calls that asked for it and got the provider's answer.")
    bypassed = serializers.IntegerField(help_text="Calls that asked for it and are none for a cache.")
    stored = serializers.IntegerField(help_text="Answers that were kept.")
    collapsed = serializers.IntegerField(help_text="Hits with the answer to a call that was under way.")
    revalidated = serializers.IntegerField(help_text="Answers that a provider confirmed.")
    stale = serializers.IntegerField(help_text="Hits with an answer whose time was over.")
    evicted = serializers.IntegerField(help_text="Answers that made room for others.")
    expired = serializers.IntegerField(help_text="Answers that went when their time was over.")
    purged = serializers.IntegerField(help_text="Answers that were purged.")
    invalidated = serializers.IntegerField(help_text="Answers that a call made untrue, when they were found.")
    failures = serializers.IntegerField(help_text="Times that Redis did not answer, or not readably.")
    hit_rate = serializers.FloatField(
        allow_null=True, help_text="Hits among hits and misses, from 0 to 1; null without any."
    )
    saved_cost = serializers.CharField(
        allow_null=True,
        help_text=f"What hits of the last {savings.DAYS} days would have cost, in US dollars, on all "
        "machines; null for who may not see records.",
    )


class Cache(APIView):
    queryset = CachePurge.objects.all()

    @extend_schema(summary="Show how the response cache is", responses=CacheSerializer)
    def get(self, request: Request) -> Response:
        """Shows how full the response cache is and how often it helped."""
        shown = forgetting.figures() | {"saved_cost": cost(savings.nanos(request.user))}
        return Response(CacheSerializer(shown).data)


class Purge(APIView):
    queryset = CachePurge.objects.all()
    verb = "add"

    @extend_schema(summary="Purge the response cache", request=PurgeSerializer, responses=PurgedSerializer)
    def post(self, request: Request) -> Response:
        """Deletes stored answers, every variant of them. No worker gives any of them a second later."""
        given = PurgeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        deleted = purge(dict(given.validated_data), actors.of(request))
        return Response({"deleted": deleted})


def criteria_of(given: dict[str, Any]) -> dict[str, Any]:
    """Of what was named: what a purge goes by, which is nothing for everything. Raises Refused."""
    criteria = {name: value for name, value in given.items() if name != "all"}
    if "all" in given and criteria:
        raise Invalid(_('Either "all" or a part of it.'), field="all")
    if "all" not in given and not criteria.keys() - {"method"}:
        raise Invalid(
            _("Name what is to go: url, prefix, model, project, provider, tag, or all."), field=None
        )
    if "project" in criteria:
        criteria["project"] = _project_id(criteria["project"])
    return criteria


def purge(criteria: dict[str, Any], actor: audit.Actor) -> int:
    """Raises Refused when the cache is off, or Redis away."""
    if not forgetting.is_on():
        raise Invalid(_("The response cache is off (HTTP_CACHE_ENABLED=false)."), field=None)
    deleted = forgetting.purge(criteria)
    audit.record(actor, "cache.purge", detail={"criteria": criteria or "all", "deleted": deleted})
    return deleted


def _project_id(named: str) -> str:
    rows = Project.objects.all()
    found = rows.filter(name=named).first() or _by_id(named)
    if found is None:
        raise Unknown(_("There is no such project."), field="project")
    return str(found.pk)


def _by_id(named: str) -> Project | None:
    try:
        return Project.objects.filter(pk=UUID(named)).first()
    except ValueError:
        return None
