"""`/admin/dashboard/stats`: a day and a week at a glance, as an earlier system showed them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from logs_app.models import LogRecord
from logs_app.rollups.figures import Sums
from logs_app.statistics import sums
from logs_app.statistics.presentation import figures_of

DAY, WEEK = timedelta(days=1), timedelta(days=7)


class TodaySerializer(serializers.Serializer):
    """Sums over calls, as an earlier system showed them."""

    today_requests = serializers.IntegerField(help_text="Calls since midnight (UTC).")
    today_success_rate = serializers.FloatField(help_text="Of these, in percent.")
    p95_latency = serializers.FloatField(allow_null=True, help_text="Of the last 24 hours, in milliseconds.")
    model_usage = serializers.DictField(
        child=serializers.IntegerField(), help_text="Calls of the last 7 days by model."
    )
    stream_percentage = serializers.FloatField(help_text="Of the last 24 hours, in percent.")
    error_rate_24h = serializers.FloatField(help_text="Of the last 24 hours, in percent.")


class Today(APIView):
    queryset = LogRecord.objects.all()

    @extend_schema(
        operation_id="admin_dashboard_stats", summary="Show a day at a glance", responses=TodaySerializer
    )
    def get(self, request: Request) -> Response:
        """Today, the last 24 hours, and the models of the last 7 days."""
        return Response(of(LogRecord.objects.visible_to(request.user), timezone.now()))


def of(records: Any, now: datetime) -> dict[str, Any]:
    today = _total(records, now.replace(hour=0, minute=0, second=0, microsecond=0))
    day = _total(records, now - DAY)
    return {
        "today_requests": today["requests"],
        "today_success_rate": _percent(today["requests"] - today["errors"], today["requests"]),
        "p95_latency": day["latency_ms"]["p95"],
        "model_usage": _by_model(records, now - WEEK),
        "stream_percentage": _percent(day["streams"], day["requests"]),
        "error_rate_24h": _percent(day["errors"], day["requests"]),
    }


def _total(records: Any, since: datetime) -> dict[str, Any]:
    return figures_of(sums.ask(records, since).total)


def _by_model(records: Any, since: datetime) -> dict[str, int]:
    counted = Counter[str]()
    for (group, _), figures in sums.ask(records, since, group_by="model").sums.items():
        if group[0]:
            counted[group[0]] += Sums(figures)["requests"]
    return dict(counted.most_common())


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
