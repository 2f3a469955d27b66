"""A relay as a small shop would have it after two weeks, for the pictures of the console."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay
from tests.waiting import until

Row = dict[str, Any]
RECORD_TABS = ("conversation", "request", "stream", "timeline")
PROVIDERS: tuple[Row, ...] = (
    {"provider_key": "openai", "api_base": "https://api.openai.com", "api_key": "sk-1", "weight": 3},
    {"provider_key": "anthropic", "preset": "anthropic", "api_key": "sk-2", "weight": 2},
    {"provider_key": "deepseek", "preset": "deepseek", "api_key": "sk-3", "priority": 1},
    {"provider_key": "local", "api_base": "http://10.0.0.7:11434", "priority": 2, "is_enabled": False},
)
PROJECTS: tuple[Row, ...] = (
    {"name": "Shop assistant", "rate_limit_per_minute": 600},
    {"name": "Support mail", "redact_logs": True, "payload_days": 30},
    {"name": "Research", "allowed_models": ["gpt-5", "claude-*", "deepseek-*"]},
)
KEYS = (("shop-web", 0), ("shop-app", 0), ("mail-worker", 1), ("notebooks", 2))
TOKENS: tuple[tuple[str, int, int, int], ...] = (  # name, project, hours, requests
    ("Anna, trial", 0, 20, 40),
    ("Load test", 0, 2, 5000),
    ("Agency, autumn campaign", 1, 24 * 30, 2000),
    ("Interns", 2, 24 * 60, 500),
    ("Paper, appendix B", 2, 24 * 6, 300),
)
PROCESSORS: tuple[Row, ...] = (
    {"name": "house-style", "type": "system_prompt", "config_value": "Answer in the customer's language."},
    {
        "name": "careful",
        "type": "set_params",
        "additional_config": {"params": {"temperature": 0.2}, "mode": "always"},
    },
    {"name": "note-it", "type": "logger", "config_value": "info", "on_error": "skip"},
)
ROUTE: Row = {
    "name": "assistant",
    "path_prefix": "/assistant",
    "providers": ["openai", "anthropic"],
    "processors": ["house-style", "careful"],
}
ALERTS: tuple[Row, ...] = (
    {"name": "Many failures", "kind": "error_rate", "threshold": 10, "emails": ["ops@shop.example"]},
    {"name": "Budget of the month", "kind": "spend", "threshold": 500, "period": "month"},
)
DISPATCHER: Row = {"name": "traces", "service": "langfuse", "api_key": "pk:sk", "is_enabled": False}
CONVERSATION = [
    {"role": "system", "content": "You plan journeys. Be brief, and say where you know it from."},
    {"role": "user", "content": "What is the weather in **Oslo** tomorrow?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "function": {"name": "get_weather", "arguments": '{"city": "Oslo", "days": 1}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": '{"degrees": 3, "sky": "snow"}'},
    {"role": "user", "content": "Then what shall I pack?"},
]
ANSWER = """Tomorrow it snows in Oslo, at **3 °C** (from `get_weather`). Pack:

1. a warm, waterproof jacket
2. boots with a grip
3. gloves and a hat

For the evening a jumper is enough: restaurants are well heated."""


def furnish(relay: Relay, simulator: Simulator) -> dict[str, str]:
    """The pages that need what was made here."""
    with httpx.Client(
        base_url=f"{relay.url}/manage", headers={"Authorization": f"Bearer {relay.management_token}"}
    ) as client:
        record = _ask(relay, client, simulator)
        _set_up(client)
    code = "from tests.console import history; history.write()"
    managing.run(["shell", "--command", code], relay.environ).check_returncode()
    return {f"record-{tab}": f"/admin/logs_app/logrecord/{record}/change/?tab={tab}" for tab in RECORD_TABS}


def _set_up(client: httpx.Client) -> None:
    for provider in PROVIDERS:
        _make(client, "providers", provider)
    client.delete("/providers/default").raise_for_status()
    projects = [_make(client, "projects", project)["id"] for project in PROJECTS]
    for name, place in KEYS:
        _make(client, "credentials", {"name": name, "project_id": projects[place]})
    for name, place, hours, requests in TOKENS:
        _make(
            client,
            "tokens",
            {"name": name, "project_id": projects[place], "duration_hours": hours, "max_requests": requests},
        )
    for processor in PROCESSORS:
        _make(client, "processors", processor)
    _make(client, "routes", ROUTE)
    for alert in ALERTS:
        _make(client, "alerts", alert)
    _make(client, "dispatchers", DISPATCHER)


def _make(client: httpx.Client, kind: str, row: Row) -> Any:
    answer = client.post(f"/{kind}", json=row)
    assert answer.is_success, answer.text
    return answer.json()


def _ask(relay: Relay, client: httpx.Client, simulator: Simulator) -> str:
    """The id of the record, once it is there."""
    simulator.script = f"text={base64.urlsafe_b64encode(ANSWER.encode()).decode()}"
    asked = {"model": "gpt-4o-mini", "messages": CONVERSATION, "stream": True, "temperature": 0.2}
    headers = {"Authorization": f"Bearer {relay.key}", "x-relay-session": "trip", "x-relay-tags": "beta"}
    answer = httpx.post(f"{relay.base_url}/chat/completions", json=asked, headers=headers, timeout=60)
    id = answer.headers["x-relay-request-id"]
    until(lambda: client.get(f"/logs/{id}").status_code == 200, seconds=30)
    return id
