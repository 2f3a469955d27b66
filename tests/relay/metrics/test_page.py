from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from logs_app.metrics import Sample, published
from logs_app.metrics.published import Publication
from relay.metrics.catalogue import METRICS, OPENTELEMETRY
from tests.logs_app.records import many
from tests.running import Relay
from tests.waiting import until

pytestmark = pytest.mark.django_db


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def scraped(client: Client) -> dict[str, list[tuple[dict[str, str], float]]]:
    return samples(client.get("/metrics").content.decode())


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/metrics/prometheus"])
def test_it_is_read_at_its_usual_places(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer["content-type"].startswith("text/plain; version=0.0.4")
    assert "llm_proxy_build_info" in samples(answer.content.decode())


def test_opentelemetrys_names_are_on_a_page_of_their_own(client: Client, settings) -> None:
    settings.NODE_ID = "node-a"
    many(2, model="gpt-4o", method="POST", endpoint="/v1/chat/completions")
    found = samples(client.get("/metrics/opentelemetry/").content.decode())
    assert {name for name in found if name.endswith("_count")} == {f"{name}_count" for name in OPENTELEMETRY}
    (labels, calls), *_ = found["gen_ai_client_operation_duration_seconds_count"]
    assert (labels["gen_ai_operation_name"], labels["gen_ai_request_model"]) == ("chat", "gpt-4o")
    assert not any(name.startswith("gen_ai") for name in scraped(client))


def test_without_the_database_that_page_is_empty(client: Client) -> None:
    from django.db import connection

    with connection.execute_wrapper(refuse):
        answer = client.get("/metrics/opentelemetry")
    assert (answer.status_code, answer.content) == (200, b"")


def test_djangos_own_numbers_are_there(client: Client) -> None:
    assert "django_http_requests_before_middlewares_total" in scraped(client)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/opentelemetry"])
def test_with_a_token_it_is_closed_to_others(client: Client, settings, path: str) -> None:
    settings.METRICS_TOKEN = "mt-of-prometheus"
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer ключ"}):
        answer = client.get(path, headers=given)
        assert (answer.status_code, answer["www-authenticate"]) == (401, 'Bearer realm="metrics"')
    assert client.get(path, headers={"Authorization": "Bearer mt-of-prometheus"}).status_code == 200


def test_gauges_of_workers_are_added_and_counters_keep_apart(client: Client, settings, tmp_path) -> None:
    settings.METRICS_DIR = tmp_path
    for number in range(2):
        said = [
            Sample("llm_proxy_active_requests", 2, {"endpoint": "/v1/models"}),
            Sample("llm_proxy_refusals_total", 5, {"code": "invalid_json"}),
        ]
        Publication(tmp_path, f"worker {number}").publish(said)
    found = scraped(client)
    assert found["llm_proxy_active_requests"] == [({"endpoint": "/v1/models"}, 4)]
    assert found["llm_proxy_refusals_total"] == [
        ({"code": "invalid_json", "process": f"worker {number}"}, 5) for number in range(2)
    ]


def test_without_the_database_the_rest_is_told(client: Client, django_db_blocker) -> None:
    from django.db import connection

    with connection.execute_wrapper(refuse):
        found = scraped(client)
    assert found["llm_proxy_database_up"] == [({}, 0)]
    assert "llm_proxy_build_info" in found


def refuse(*_: object) -> None:
    from django.db import OperationalError

    raise OperationalError("gone")


def test_nothing_is_published_that_the_catalogue_does_not_know(relay_server: Relay) -> None:
    call(relay_server, "known")
    said = {sample.name for _, found in published.read(relay_server.data_dir / "metrics") for sample in found}
    assert said and said <= METRICS.keys()


def call(relay: Relay, text: str, **given: object) -> int:
    headers = {"authorization": f"Bearer {relay.key}"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **given}
    return httpx.post(
        f"{relay.base_url}/chat/completions", headers=headers, json=body, timeout=30
    ).status_code


def leave_early(relay: Relay) -> None:
    headers = {"authorization": f"Bearer {relay.key}"}
    body = {
        "model": "gpt-4o",
        "stream": True,
        "messages": [{"role": "user", "content": "[[sim chunks=90 delay=50]]"}],
    }
    with httpx.stream(
        "POST", f"{relay.base_url}/chat/completions", headers=headers, json=body, timeout=30
    ) as answer:
        next(answer.iter_bytes())


def recorded(relay: Relay) -> int:
    """By the API, page by page."""
    headers = {"authorization": f"Bearer {relay.management_token}"}
    count, url = 0, f"{relay.url}/manage/logs?page_size=200"
    while url:
        page = httpx.get(url, headers=headers).json()
        count, url = count + len(page["results"]), page["next"]
    return count


def test_there_are_as_many_calls_in_the_metrics_as_in_the_records(
    start_relay: Callable[..., Relay], simulator
) -> None:
    """Under mixed load: whole answers, streams, errors of the provider, refusals, clients that leave."""
    relay = start_relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    jobs = [
        *[lambda: call(relay, "hi")] * 30,
        *[lambda: call(relay, "hi", stream=True)] * 20,
        *[lambda: call(relay, "[[sim status=500]]")] * 10,
        *[lambda: leave_early(relay)] * 10,
    ]
    with ThreadPoolExecutor(8) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()

    def counted() -> tuple[float, dict[str, float]]:
        found = samples(httpx.get(f"{relay.url}/metrics").text)
        outcomes: dict[str, float] = {}
        for labels, value in found.get("llm_proxy_outcomes_total", []):
            outcomes[labels["outcome"]] = outcomes.get(labels["outcome"], 0) + value
        return sum(value for _, value in found.get("llm_proxy_requests_total", [])), outcomes

    def is_settled() -> bool:
        return counted()[0] == len(jobs)

    until(is_settled, 60)
    assert recorded(relay) == len(jobs)
    assert counted()[1] == {"completed": 50, "failed": 10, "client_disconnected": 10}
