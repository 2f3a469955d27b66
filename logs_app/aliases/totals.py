"""`/admin/v1/logs/stats`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rest_framework import serializers

from logs_app.rollups.figures import Sums
from logs_app.statistics import sums
from logs_app.statistics.presentation import figures_of
from logs_app.statistics.question import StatisticsFilters

SINCE_EVER = "0"
BY = ("provider", "model", "status")


class TotalsSerializer(serializers.Serializer):
    """Sums over calls, as an earlier system showed them."""

    total_requests = serializers.IntegerField(help_text="Calls.")
    total_errors = serializers.IntegerField(help_text="Those that failed.")
    error_rate = serializers.FloatField(help_text="From 0 to 1.")
    total_input_tokens = serializers.IntegerField(help_text="Tokens of the prompts.")
    total_output_tokens = serializers.IntegerField(help_text="Tokens of the answers.")
    avg_duration_ms = serializers.FloatField(allow_null=True, help_text="Mean time to the end of the answer.")
    avg_ttft_ms = serializers.FloatField(allow_null=True, help_text="Mean time to the first token.")
    requests_by_provider = serializers.DictField(child=serializers.IntegerField(), help_text="Calls.")
    requests_by_model = serializers.DictField(child=serializers.IntegerField(), help_text="Calls.")
    requests_by_status = serializers.DictField(child=serializers.IntegerField(), help_text="Calls.")


def of(given: dict[str, str], records: Any) -> dict[str, Any]:
    """Of all that was ever recorded, where nothing is said of the time."""
    asked = StatisticsFilters.given({"since": SINCE_EVER} | given | {"group_by": ",".join(BY)})
    asked.is_valid(raise_exception=True)
    answer = sums.read(asked, records)
    shown = figures_of(answer.total)
    counted: list[Counter[str]] = [Counter(), Counter(), Counter()]
    for (group, _), figures in answer.sums.items():
        for counter, value in zip(counted, group, strict=True):
            if value:
                counter[str(value)] += Sums(figures)["requests"]
    return {
        "total_requests": shown["requests"],
        "total_errors": shown["errors"],
        "error_rate": round(shown["error_rate"] or 0.0, 4),
        "total_input_tokens": shown["prompt_tokens"],
        "total_output_tokens": shown["completion_tokens"],
        "avg_duration_ms": shown["latency_ms"]["average"],
        "avg_ttft_ms": shown["ttft_ms"]["average"],
        **{f"requests_by_{name}": dict(counter) for name, counter in zip(BY, counted, strict=True)},
    }
