"""`GET /manage/stats`."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from logs_app.models import LogRecord
from logs_app.statistics import sums, table
from logs_app.statistics.presentation import present
from logs_app.statistics.question import StatisticsFilters

COST = "In US dollars, as a decimal number; null when no call had a price."


class TimesSerializer(serializers.Serializer):
    """Milliseconds; percentiles come from a histogram and are at most a quarter beside the truth."""

    average = serializers.FloatField(allow_null=True, help_text="The mean.")
    p50 = serializers.FloatField(allow_null=True, help_text="The median.")
    p90 = serializers.FloatField(allow_null=True, help_text="Nine of ten took no longer.")
    p95 = serializers.FloatField(allow_null=True, help_text="95 of 100 took no longer.")
    p99 = serializers.FloatField(allow_null=True, help_text="99 of 100 took no longer.")


class FiguresSerializer(serializers.Serializer):
    """Sums over calls."""

    requests = serializers.IntegerField(help_text="Calls, each of the refusals that share a record too.")
    errors = serializers.IntegerField(help_text="Those that failed, were cut, interrupted or refused.")
    cache_hits = serializers.IntegerField(help_text="Those that the cache answered.")
    streams = serializers.IntegerField(help_text="Those that were answered by a stream.")
    error_rate = serializers.FloatField(allow_null=True, help_text="From 0 to 1.")
    prompt_tokens = serializers.IntegerField(help_text="Tokens of the prompts.")
    completion_tokens = serializers.IntegerField(help_text="Tokens of the answers.")
    total_tokens = serializers.IntegerField(help_text="Both together.")
    cached_tokens = serializers.IntegerField(help_text="Tokens of prompts that providers had cached.")
    cache_write_tokens = serializers.IntegerField(help_text="Tokens that providers put into their caches.")
    reasoning_tokens = serializers.IntegerField(help_text="Tokens spent on reasoning.")
    audio_tokens = serializers.IntegerField(help_text="Tokens of sound.")
    image_tokens = serializers.IntegerField(help_text="Tokens of pictures.")
    usage_estimated = serializers.IntegerField(help_text="Calls whose tokens the relay counted.")
    priced = serializers.IntegerField(help_text="Calls that had a price: the cost is theirs alone.")
    cost = serializers.CharField(allow_null=True, help_text=COST)
    saved_cost = serializers.CharField(
        allow_null=True, help_text="What the cache's answers would have cost; null when there was none."
    )
    latency_ms = TimesSerializer(help_text="To the end of the answer, without refused calls.")
    ttft_ms = TimesSerializer(help_text="To the first token.")


class IntervalSerializer(FiguresSerializer):
    """Sums over the calls of one interval."""

    start = serializers.DateTimeField(help_text="When the interval began.")


class GroupSerializer(FiguresSerializer):
    """Sums over the calls of one group."""

    group = serializers.DictField(
        help_text="What they have in common, by the names in `group_by`; a project or key has id and name."
    )
    series = IntervalSerializer(many=True, required=False, help_text="With `interval`.")


class StatisticsSerializer(serializers.Serializer):
    """Sums over calls."""

    since = serializers.DateTimeField(help_text="What is summed up begins here: at a quarter of an hour.")
    until = serializers.DateTimeField(help_text="And ends here.")
    source = serializers.ChoiceField(
        choices=["rollups", "records"],
        help_text="Whether the sums that the recorder keeps were enough, or records had to be read.",
    )
    is_capped = serializers.BooleanField(
        help_text=f"Whether only the newest {sums.MOST_RECORDS:,} records that fit were read."
    )
    records_from = serializers.DateTimeField(
        allow_null=True,
        help_text="Where records were read, and the oldest came after `since`: its moment. What was deleted "
        "before it is in none of these figures. Else null.",
    )
    totals = FiguresSerializer(help_text="Of all together.")
    groups = GroupSerializer(many=True, required=False, help_text="With `group_by`: the busiest first.")
    groups_left_out = serializers.IntegerField(
        required=False, help_text="How many groups are in the totals only."
    )
    series = IntervalSerializer(
        many=True, required=False, help_text="With `interval`; empty ones are left out."
    )


class Statistics(APIView):
    queryset = LogRecord.objects.all()

    @extend_schema(
        operation_id="manage_stats",
        summary="Sum up records",
        parameters=[StatisticsFilters],
        responses={
            (200, "application/json"): StatisticsSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Calls, errors, tokens, cost and times of what the filters leave, in all and by group and
        interval. As CSV a row for each group and interval, all of them.
        """
        asked = StatisticsFilters.given(request.query_params.dict())
        asked.is_valid(raise_exception=True)
        answer = sums.read(asked, LogRecord.objects.visible_to(request.user))
        if asked.is_table:
            head = {"Content-Disposition": 'attachment; filename="statistics.csv"'}
            text = b"".join(table.lines(asked, answer))
            return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=head)
        return Response(present(asked, answer))
