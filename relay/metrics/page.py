"""`/metrics`, in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/

Failure policy: what cannot be asked is left out, `llm_proxy_database_up` says so, and the rest is shown.
"""

from __future__ import annotations

import hmac
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from logs_app.metrics import Sample, published, records
from logs_app.metrics import opentelemetry as genai
from logs_app.metrics.sample import add_up
from proxy import measures, runtime
from relay.metrics import state
from relay.metrics.catalogue import METRICS, OPENTELEMETRY, Metric

BEARER = "Bearer "

log = logging.getLogger(__name__)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All that there is, under our names, Django's and Python's."""
    return _answer(request, Collector(METRICS, _samples), REGISTRY)


@never_cache
@require_safe
def opentelemetry(request: HttpRequest) -> HttpResponse:
    """Calls under OpenTelemetry's names: apart, for else whoever adds up would count them twice."""
    return _answer(request, Collector(OPENTELEMETRY, _genai))


def _answer(request: HttpRequest, *registries: Any) -> HttpResponse:
    """Open to whoever reaches it, as Prometheus expects; METRICS_TOKEN closes it."""
    if not _may_read(request):
        words = "Send METRICS_TOKEN as a bearer token.\n"
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse(words, status=401, content_type="text/plain; charset=utf-8", headers=headers)
    return HttpResponse(b"".join(map(generate_latest, registries)), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return True
    given = request.headers.get("Authorization", "").removeprefix(BEARER)
    return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())


class Collector:
    """What `generate_latest` asks of a registry."""

    def __init__(self, catalogue: Mapping[str, Metric], samples: Callable[[], Iterable[Sample]]) -> None:
        self._catalogue, self._samples = catalogue, samples

    def collect(self) -> Iterator[Family]:
        by_name: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in self._samples():
            by_name[sample.name].append(sample)
        for name, metric in self._catalogue.items():
            if name in by_name:
                yield _family(metric, by_name[name])


def _samples() -> Iterator[Sample]:
    yield from state.program()
    yield from _of_processes()
    try:
        yield from list(state.stored())
        yield from records.samples(settings.NODE_ID, state.configured_models())
        yield Sample("llm_proxy_database_up", 1)
    except DatabaseError as error:
        log.warning("Metrics without the database (%s).", type(error).__name__)
        yield Sample("llm_proxy_database_up", 0)


def _genai() -> list[Sample]:
    try:
        return genai.samples(settings.NODE_ID, state.configured_models())
    except DatabaseError as error:
        log.warning("Metrics without the database (%s).", type(error).__name__)
        return []


def _of_processes() -> Iterator[Sample]:
    said = dict(published.read(settings.METRICS_DIR))
    own = runtime.built()
    said["console"] = list(measures.of(own) if own else published.of_this_process())
    yield from add_up(
        Sample(sample.name, sample.value, _labels(sample, process), sample.buckets, sample.total)
        for process, samples in said.items()
        for sample in samples
        if sample.name in METRICS
    )


def _labels(sample: Sample, process: str) -> dict[str, str]:
    """What is of interest in sum does not say whose it is."""
    says_whose = "process" in METRICS[sample.name].labels
    return {**sample.labels, "process": process} if says_whose else dict(sample.labels)


def _family(metric: Metric, samples: Iterable[Sample]) -> Family:
    name = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
    family = Family(name, metric.help, metric.kind)
    for sample in samples:
        labels = {label: sample.labels[label] for label in metric.labels}
        if metric.kind != "histogram":
            family.add_sample(metric.name, labels, sample.value)
            continue
        for bound, count in sample.buckets:
            family.add_sample(f"{name}_bucket", labels | {"le": _bound(bound)}, count)
        family.add_sample(f"{name}_sum", labels, sample.total)
        family.add_sample(f"{name}_count", labels, sample.value)
    return family


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else format(bound, ".6g")


urlpatterns = [
    re_path(r"^metrics/?$", metrics),
    re_path(r"^metrics/prometheus/?$", metrics),
    re_path(r"^metrics/opentelemetry/?$", opentelemetry),
]
