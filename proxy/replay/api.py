"""`POST /manage/logs/{id}/replay`."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.fields import Flag
from accounts.api.strictness import BodySerializer
from accounts.audit import actors
from logs_app.models import LogRecord
from logs_app.presentation import sidebyside
from logs_app.presentation.onerecord import IDENTIFIED, revealed
from proxy.replay import replaying
from proxy.replay.changes import Changes
from proxy.replay.replaying import Plan

LONGEST_NAME = 200


class ChangesSerializer(BodySerializer):
    """What to ask differently. An empty object asks the same again."""

    model = serializers.CharField(required=False, max_length=LONGEST_NAME, help_text="Another model.")
    provider = serializers.CharField(
        required=False, max_length=LONGEST_NAME, help_text="The one provider that may answer, by its key."
    )
    system = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="Another system prompt."
    )
    set = serializers.DictField(
        required=False, help_text="Members of the request to set: temperature, max_tokens, …"
    )
    drop = serializers.ListField(
        required=False, child=serializers.CharField(), help_text="Members of the request to leave out."
    )

    @staticmethod
    def changes_of(given: dict[str, Any]) -> Changes:
        return Changes(
            model=given.get("model"),
            provider=given.get("provider"),
            system=given.get("system"),
            set=given.get("set", {}),
            drop=tuple(given.get("drop", ())),
        )


class ReplaySerializer(ChangesSerializer):
    """A request for another answer."""

    key = serializers.CharField(
        required=False, max_length=LONGEST_NAME,
        help_text="The key to call with, by name or id. Without it that of the original, if it still exists.",
    )  # fmt: skip
    cache = Flag(
        default=False,
        help_text="The response cache may answer, as it would a client. Without it the provider is asked. "
        "What workers keep in their memory is not seen here, only what is in Redis.",
    )


class Replay(APIView):
    identified = IDENTIFIED
    queryset = LogRecord.objects.all()

    @extend_schema(
        operation_id="manage_logs_replay",
        summary="Replay a record",
        request=ReplaySerializer,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Asks again through the lane, waits for the answer, and puts both beside each other. The new call is
        recorded like any other, with `parent` and `lineage`.
        """
        given = ReplaySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        record = revealed(request, LogRecord.objects.revealed_to(request.user), pk)
        wanted = given.validated_data
        plan = Plan.of(record, given.changes_of(wanted), wanted.get("key"), wants_cache=wanted["cache"])
        replaying.note(plan, actors.of(request), request)
        again = async_to_sync(replaying.run)(plan)
        return Response(shown(record, again))


def shown(record: LogRecord, again: LogRecord) -> dict[str, Any]:
    return {
        "id": str(again.pk),
        "parent": str(record.pk),
        "lineage": again.lineage,
        **sidebyside.compare(record, again),
    }
