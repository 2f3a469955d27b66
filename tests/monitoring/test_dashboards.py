from __future__ import annotations

import json
import re

import pytest
import yaml

from monitoring import dashboards
from monitoring.dashboards import DASHBOARDS, FOLDER
from relay.metrics.catalogue import METRICS

RULES = yaml.safe_load((FOLDER.parents[1] / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
QUERIES = [target["expr"] for uid in DASHBOARDS for panel in dashboards.dashboard(uid)["panels"]
           for target in panel.get("targets", ())]  # fmt: skip
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
SCRAPED = {name + suffix: metric for name, metric in METRICS.items() for suffix in SUFFIXES[metric.kind]}
# Labels that Prometheus or a histogram adds.
ADDED = {"instance", "job", "le"}


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_the_files_are_what_the_rows_make(uid: str) -> None:
    assert (FOLDER / f"{uid}.json").read_text() == dashboards.text_of(uid)
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(DASHBOARDS)


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in RULES)])
def test_a_query_uses_only_metrics_and_labels_that_exist(query: str) -> None:
    used = set(re.findall(r"\bllm_proxy_\w+", query))
    assert used <= SCRAPED.keys()
    assert used or "up{" in query
    labels = {label for name in used for label in SCRAPED[name].labels} | ADDED
    narrowed = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", query)
    divided = re.findall(r"(?:by|on|ignoring)\s*\(([^)]*)\)", query)
    assert {*narrowed, *(name.strip() for names in divided for name in names.split(","))} <= labels


def test_every_metric_is_looked_at_somewhere() -> None:
    text = " ".join([*QUERIES, *(rule["expr"] for rule in RULES)])
    assert [name for name in METRICS if name not in text] == []


def test_panels_do_not_lie_on_each_other() -> None:
    for uid in DASHBOARDS:
        taken = [
            (place["x"] + x, place["y"] + y)
            for place in (panel["gridPos"] for panel in dashboards.dashboard(uid)["panels"])
            for x in range(place["w"])
            for y in range(place["h"])
        ]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < dashboards.WIDTH


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_and_what_to_do(rule: dict) -> None:
    assert rule["annotations"].keys() == {"summary", "action"}
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_dashboards_are_json_of_a_schema_that_grafana_still_reads() -> None:
    for uid in DASHBOARDS:
        assert json.loads(dashboards.text_of(uid))["schemaVersion"] >= 36
