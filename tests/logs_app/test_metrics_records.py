from __future__ import annotations

from typing import Any

import pytest

from logs_app.metrics import records
from logs_app.metrics.sample import Sample
from logs_app.models import Rollup
from tests.logs_app.records import add_record, add_records, many

pytestmark = pytest.mark.django_db
NODE = "node-a"


def found(configured: tuple[str, ...] = ()) -> list[Sample]:
    return records.samples(NODE, configured)


def of(name: str, **labels: str) -> list[Sample]:
    fitting = [sample for sample in found() if sample.name == name]
    return [sample for sample in fitting if labels.items() <= sample.labels.items()]


def call(model: str, status: int = 200, **opened: Any) -> tuple[Any, ...]:
    return b"{}", b"{}", {"model": model, **opened}, {"status": status}, {"status": status}


def test_requests_are_counted_with_what_they_were() -> None:
    many(3, model="gpt-4o", method="POST", endpoint="/v1/chat/completions")
    (sample,) = of("llm_proxy_requests_total")
    assert sample.value == 3
    assert sample.labels["method"] == "POST"
    assert sample.labels["endpoint"] == "/v1/chat/completions"
    assert (sample.labels["model"], sample.labels["status_code"]) == ("gpt-4o", "200")


def test_durations_and_tokens_are_those_of_the_records() -> None:
    record = add_record()
    (duration,) = of("llm_proxy_request_duration_seconds")
    assert (duration.value, round(duration.total * 1000)) == (1, round(record.latency_ms))
    counts = [count for _, count in duration.buckets]
    assert counts == sorted(counts) and counts[-1] == 1
    assert of("llm_proxy_tokens_total", token_type="prompt")[0].value == record.prompt_tokens


def test_what_is_forgotten_still_counts() -> None:
    many(2)
    Rollup.objects.exclude(minutes=0).delete()
    assert sum(sample.value for sample in of("llm_proxy_requests_total")) == 2


def test_another_node_is_not_counted_here() -> None:
    many(2)
    assert records.samples("node-b", ()) == []


def test_a_model_that_nobody_serves_gets_no_label_of_its_own() -> None:
    add_records([call("gpt-4o"), *(call(f"made-up-{number}", 404) for number in range(5))])
    counted = {sample.labels["model"]: sample.value for sample in of("llm_proxy_requests_total")}
    assert counted == {"gpt-4o": 1, "other": 5}


def test_a_configured_model_keeps_its_label_also_when_it_fails() -> None:
    add_records([call("gpt-5", 500)])
    names = {sample.labels["model"] for sample in found(("gpt-5",)) if "model" in sample.labels}
    assert names == {"gpt-5"}


def test_only_the_most_frequent_models_have_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_MODELS", 1)
    add_records([call("often"), call("often"), call("rarely")])
    counted = {sample.labels["model"]: sample.value for sample in of("llm_proxy_requests_total")}
    assert counted == {"often": 2, "other": 1}


def test_an_invented_method_is_an_other_one() -> None:
    add_records([call("m", method="BREW")])
    assert of("llm_proxy_requests_total")[0].labels["method"] == "other"


def test_a_client_that_left_is_counted_as_such() -> None:
    add_record(closed_with={"outcome": "client_disconnected"})
    assert of("llm_proxy_client_disconnects_total")[0].value == 1
    assert of("llm_proxy_outcomes_total", outcome="client_disconnected")[0].value == 1
