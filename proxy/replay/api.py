"""`POST /manage/logs/{id}/replay`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import actors
from logs_app import sidebyside
from logs_app.models import LogRecord
from logs_app.onerecord import IDENTIFIED, revealed
from proxy.replay import replaying
from proxy.replay.changes import Changes
from proxy.replay.replaying import Plan

LONGEST_NAME = 200


class SpendingSerializer(serializers.Serializer):
    """Refuses names that it does not know: a misspelled one would spend money on another question."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(data.keys() - self.fields.keys())):
            raise serializers.ValidationError({unknown[0]: [no_such(self.fields)]})
        return super().to_internal_value(data)


def no_such(names: Iterable[str]) -> str:
    return f"There is no such member. There are {', '.join(names)}."


class ChangesSerializer(SpendingSerializer):
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
        record = revealed(request, LogRecord.objects.visible_to(request.user), pk)
        plan = Plan.of(record, given.changes_of(given.validated_data), given.validated_data.get("key"))
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
