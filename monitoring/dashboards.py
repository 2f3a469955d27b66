"""`python -m monitoring.dashboards` writes grafana/dashboards/*.json from the rows in `traffic` and `system`.

`tests/monitoring` holds that every metric exists, and that the files are what this makes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from monitoring.panels import Panel
from monitoring.system import SYSTEM
from monitoring.traffic import TRAFFIC

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, STAT_HEIGHT = 24, 8, 4
DASHBOARDS = {
    "llm-relay-traffic": ("LLM Relay: traffic", TRAFFIC, ("instance", "provider", "model")),
    "llm-relay-system": ("LLM Relay: providers and system", SYSTEM, ("instance", "provider")),
}
CHOICES = {
    "instance": "label_values(llm_proxy_build_info, instance)",
    "provider": "label_values(llm_proxy_requests_total, provider)",
    "model": "label_values(llm_proxy_requests_total, model)",
}


def dashboard(uid: str) -> dict[str, Any]:
    title, rows, choices = DASHBOARDS[uid]
    return {
        "uid": uid,
        "title": title,
        "tags": ["llm-relay"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "graphTooltip": 1,
        "templating": {"list": [_choice(name) for name in choices]},
        "panels": _panels(rows),
    }


def _choice(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": CHOICES[name], "refId": name},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }


def _panels(rows: dict[str, tuple[Panel, ...]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    top = 0
    for title, panels in rows.items():
        made.append({"id": len(made) + 1, "type": "row", "title": title, "gridPos": _place(0, top, WIDTH, 1)})
        top += 1
        for kind, columns, height in (("stat", 6, STAT_HEIGHT), ("timeseries", 2, HEIGHT)):
            fitting = [panel for panel in panels if panel.kind == kind]
            for index, panel in enumerate(fitting):
                width = WIDTH // min(columns, len(fitting))
                place = _place(index % columns * width, top + index // columns * height, width, height)
                made.append(_panel(panel, len(made) + 1, place))
            top += -(-len(fitting) // columns) * height
    return made


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, id: int, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": SOURCE,
            "expr": query,
            "legendFormat": legend or "__auto",
        }
        for index, (query, legend) in enumerate(panel.queries)
    ]
    custom = {"fillOpacity": 25, "stacking": {"mode": "normal"}} if panel.is_stacked else {"fillOpacity": 5}
    return {
        "id": id,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.help,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": _options(panel),
    }


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def text_of(uid: str) -> str:
    return json.dumps(dashboard(uid), indent=2) + "\n"


if __name__ == "__main__":
    for uid in DASHBOARDS:
        (FOLDER / f"{uid}.json").write_text(text_of(uid))
