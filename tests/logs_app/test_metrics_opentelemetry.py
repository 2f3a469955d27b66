from __future__ import annotations

from typing import Any

import pytest

from logs_app.metrics import opentelemetry, records
from logs_app.metrics.sample import Sample
from tests.logs_app.records import add_record, add_records, many
from tests.logs_app.test_metrics_records import NODE, call

pytestmark = pytest.mark.django_db
CHAT: dict[str, Any] = {"method": "POST", "endpoint": "/v1/chat/completions", "model": "gpt-4o"}
DURATION = "gen_ai_client_operation_duration_seconds"


def of(name: str) -> list[Sample]:
    return [sample for sample in opentelemetry.samples(NODE, ()) if sample.name == name]


def test_a_call_is_an_operation_of_a_provider_and_a_model() -> None:
    record = add_record(opened_with=CHAT)
    (duration,) = of(DURATION)
    assert duration.labels == {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": record.provider,
        "gen_ai_request_model": "gpt-4o",
        "error_type": "",
    }
    assert (duration.value, round(duration.total * 1000)) == (1, round(record.latency_ms))


def test_tokens_are_the_sum_over_the_calls_and_those_of_our_own_metric() -> None:
    prompt = sum(record.prompt_tokens for record in many(3, **CHAT))
    (usage,) = [s for s in of("gen_ai_client_token_usage") if s.labels["gen_ai_token_type"] == "input"]
    assert (usage.value, usage.total, usage.buckets) == (3, prompt, ((float("inf"), 3),))
    ours = [s for s in records.samples(NODE, ()) if s.labels.get("token_type") == "prompt"]
    assert sum(sample.value for sample in ours) == prompt


def test_a_failure_says_what_it_was() -> None:
    add_records([call(status=503, **CHAT)])
    add_record(opened_with=CHAT, closed_with={"outcome": "client_disconnected"})
    assert {sample.labels["error_type"] for sample in of(DURATION)} == {"503", "client_disconnected"}


def test_a_call_of_no_model_is_no_operation() -> None:
    listing = {"model": "", "method": "GET", "endpoint": "/v1/files"}
    add_records([(b"{}", b"", listing, {"model_sent": None}, None)])
    assert opentelemetry.samples(NODE, ()) == []
    assert records.samples(NODE, ()) != []
