from __future__ import annotations

import re
from pathlib import Path

import pytest

from relay.metrics.catalogue import GROUPS, METRICS, OPENTELEMETRY, Metric

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "monitoring.md").read_text()


@pytest.mark.parametrize(
    "metric", [*METRICS.values(), *OPENTELEMETRY.values()], ids=lambda metric: metric.name
)
def test_every_metric_has_its_line_in_the_documentation(metric: Metric) -> None:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    assert f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |" in PAGE.splitlines()


def test_the_documentation_names_no_other_metric() -> None:
    assert re.findall(r"^\| `(llm_proxy_\w+)` \|", PAGE, re.MULTILINE) == list(METRICS)
    assert re.findall(r"^\| `(gen_ai_\w+)` \|", PAGE, re.MULTILINE) == list(OPENTELEMETRY)
    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE) == list(GROUPS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_name_says_its_kind_and_unit(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.kind != "histogram" or metric.name.endswith(("_seconds", "_per_second"))
