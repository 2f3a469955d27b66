"""The health of providers as an earlier system asked for it and showed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.fields import Whole, Words
from accounts.api.strictness import BodySerializer
from accounts.errors import Unknown

from ..configuration import rows
from ..health import check, standing, stored
from ..health.check import Report
from ..models import Provider
from . import providers

LONGEST_SECONDS, MOST_AT_ONCE, MOST_MODELS = 120, 50, 50
STATUS = HEALTHY, UNHEALTHY, DISABLED = ["healthy", "unhealthy", "disabled"]


class HealthQuestion(BodySerializer):
    """What to ask for; `models` are asked for one token each, which costs, else the list of models."""

    models = Words(
        required=False, allow_null=True, help_text="The provider's names of models. Empty: its list."
    )
    timeout_secs = Whole(
        min_value=1, max_value=LONGEST_SECONDS, required=False, help_text="How long each may take."
    )
    max_concurrent = Whole(
        min_value=1, max_value=MOST_AT_ONCE, required=False, help_text="How many are asked at once."
    )

    def validate_models(self, models: Sequence[str] | None) -> Sequence[str]:
        if models and len(models) > MOST_MODELS:
            raise serializers.ValidationError(f"At most {MOST_MODELS} models.")
        return models or []


class HealthQuestions(HealthQuestion):
    """The same of several providers."""

    provider_ids = serializers.ListField(
        child=Whole(min_value=1), required=False, allow_null=True, help_text="Empty: all that are enabled."
    )


class ModelHealth(serializers.Serializer):
    """How a model is."""

    model = serializers.CharField(help_text="Its name at the provider.")
    status = serializers.ChoiceField(choices=STATUS, help_text="Whether it can be used.")
    response_time_ms = serializers.IntegerField(allow_null=True, help_text="How long the answer took.")
    error = serializers.CharField(allow_null=True, help_text="What is wrong.")


class ProviderHealth(serializers.Serializer):
    """How a provider is."""

    provider_id = serializers.IntegerField(help_text="Its id.")
    provider_key = serializers.CharField(help_text="Its name.")
    status = serializers.ChoiceField(choices=STATUS, help_text="Whether it can be used.")
    error = serializers.CharField(allow_null=True, help_text="What is wrong.")
    models = ModelHealth(many=True, help_text="Its models.")
    avg_response_time_ms = serializers.IntegerField(allow_null=True, help_text="Of all answers.")
    checked_at = serializers.DateTimeField(help_text="Now.")


class AllHealth(serializers.Serializer):
    """How several providers are."""

    providers = ProviderHealth(many=True, help_text="Each of them.")
    total_providers = serializers.IntegerField(help_text="How many were asked.")
    healthy_providers = serializers.IntegerField(help_text="How many of them can be used.")
    unhealthy_providers = serializers.IntegerField(help_text="How many cannot.")


class Everybody(APIView):
    queryset = Provider.objects.all()
    verb = "change"

    @extend_schema(summary="Check the health of providers", request=HealthQuestions, responses=AllHealth)
    def post(self, request: Request) -> Response:
        """Asks several providers at once for their models, or models of theirs for one token."""
        given = _judged(HealthQuestions(data=request.data))
        ids = given.pop("provider_ids", None)
        found = Provider.objects.filter(pk__in=ids) if ids else Provider.objects.filter(is_enabled=True)
        asked = list(found.order_by("pk"))
        if ids and len(asked) < len(set(ids)):
            raise Unknown("One of these providers does not exist.", field="provider_ids")
        shown = ask(asked, **given)
        healthy = sum(each["status"] == HEALTHY for each in shown)
        counts = {"healthy_providers": healthy, "unhealthy_providers": len(shown) - healthy}
        return Response(AllHealth({"providers": shown, "total_providers": len(shown), **counts}).data)


class OneProvider(APIView):
    queryset = Provider.objects.all()
    verb = "change"  # it may cost

    @extend_schema(
        summary="Check the health of a provider",
        responses=ProviderHealth,
        parameters=[
            OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id or the name."),
            OpenApiParameter("models", str, description="Names, separated by commas."),
            OpenApiParameter(
                "timeout_secs",
                {"type": "integer", "minimum": 1, "maximum": LONGEST_SECONDS},
                description="How long each may take.",
            ),
        ],
    )
    def get(self, request: Request, pk: str) -> Response:
        """Asks a provider for its models, or models of it for one token."""
        query = request.query_params
        data: dict[str, Any] = {"models": [each for each in query.get("models", "").split(",") if each]}
        if seconds := query.get("timeout_secs"):
            data["timeout_secs"] = int(seconds) if seconds.isascii() and seconds.isdecimal() else seconds
        given = _judged(HealthQuestion(data=data))
        row = providers.Providers().find(Provider.objects.all(), pk)
        if row is None:
            raise Http404
        return Response(ProviderHealth(ask([row], **given)[0]).data)


def ask(
    asked: Iterable[Provider],
    models: Sequence[str] = (),
    timeout_secs: float = check.TIMEOUT_SECONDS,
    max_concurrent: int = check.CONCURRENCY,
) -> list[dict[str, Any]]:
    """Of each provider what `ProviderHealth` shows."""
    found = [(row, rows.provider_of(row)) for row in asked]
    asked_for: Sequence[str | None] = models or [None]
    questions = [(provider, model) for _row, provider in found for model in asked_for]
    reports = check.run(questions, timeout_seconds=timeout_secs, concurrency=max_concurrent)
    by_id: dict[int, list[Report]] = {row.pk: [] for row, _provider in found}
    rules = stored.rules()
    for report in reports:
        standing.note(report.provider, report.outcome, rules)
        by_id[report.provider.id].append(report)
    return [_shown(row, by_id[row.pk], models) for row, _provider in found]


def _shown(row: Provider, reports: Sequence[Report], models: Sequence[str]) -> Mapping[str, Any]:
    faults = [report.words for report in reports if not report.is_ok]
    times = [report.latency_ms for report in reports if report.status is not None]
    status = UNHEALTHY if faults else HEALTHY
    return {
        "provider_id": row.pk,
        "provider_key": row.provider_key,
        "status": status if row.is_enabled else DISABLED,
        "error": faults[0] if faults else None,
        "models": [_model(report, model) for report, model in zip(reports, models, strict=False)]
        or _listed(reports[0]),
        "avg_response_time_ms": round(sum(times) / len(times)) if times else None,
        "checked_at": timezone.now(),
    }


def _model(report: Report, model: str) -> dict[str, Any]:
    return {
        "model": model,
        "status": HEALTHY if report.is_ok else UNHEALTHY,
        "response_time_ms": report.latency_ms if report.status is not None else None,
        "error": None if report.is_ok else report.words,
    }


def _listed(report: Report) -> list[dict[str, Any]]:
    """The models that its mapping names, by its own list."""
    return [
        {
            "model": name,
            "status": HEALTHY if name in report.models else UNHEALTHY,
            "response_time_ms": None,
            "error": None if name in report.models else "It is not in the provider's list of models.",
        }
        for name in check.mapped(report.provider)
        if report.models
    ]


def _judged(serializer: serializers.Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
