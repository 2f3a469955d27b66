"""YAML with `apis:`, one provider each with its policy, of which `default_api` names the one in use."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from .plan import Fields, FileRefused, Plan, Section

DEFAULT = "default"
POLICY_LISTS = ("allowed_endpoints", "allowed_origins", "required_headers")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def read(document: dict[str, Any]) -> Plan:
    top, plan = Section("", document), Plan()
    default = top.take("default_api", str)
    entries = top.sections("apis")
    top.end()
    if default is not None and default not in entries:
        raise FileRefused(f"default_api: there is no {default!r} under apis.")
    for name, section in entries.items():
        fields = _provider(section, plan)
        if default is None or name == default:
            plan.providers[DEFAULT if name == default else name] = fields
        else:
            plan.providers[name] = fields | {"is_enabled": False}
            plan.notes.append(
                f"apis.{name} is imported switched off, as default_api is {default}; enable it to use it."
            )
    return plan


def _provider(section: Section, plan: Plan) -> Fields:
    base = section.need("base_url")
    is_anthropic = (urlsplit(base).hostname or "").endswith("anthropic.com")
    fields: Fields = {"api_base": base, "provider_type": "anthropic" if is_anthropic else "openai"}
    fields["policy"] = _policy(section)
    fields |= _timeouts(Section(f"{section.place}.timeouts", section.take("timeouts", dict, {})))
    if section.take("connection", dict):
        plan.notes.append(f"{section.place}.connection: the relay's pool has no ceiling; nothing to set.")
    section.end()
    return fields


def _policy(section: Section) -> Fields:
    policy: Fields = {name: section.take_texts(name) for name in POLICY_LISTS}
    methods = section.take_texts("allowed_methods")
    # A preflight is answered before anybody asks.
    policy["allowed_methods"] = methods and [method for method in methods if method.upper() != "OPTIONS"]
    policy["param_whitelist"] = section.take("param_whitelist", dict)
    return {name: value for name, value in policy.items() if value}


def _timeouts(section: Section) -> Fields:
    fields: Fields = {}
    for name, column in (
        ("request", "total_timeout_seconds"),
        ("response_header", "first_byte_timeout_seconds"),
    ):
        value = section.take(name, (str, int, float))
        if value is not None:
            fields[column] = _seconds(f"{section.place}.{name}", value)
    for name in ("idle_connection", "flush_interval"):  # of connections, not of calls
        section.take(name)
    section.end()
    return fields


def _seconds(place: str, value: str | float) -> float:
    """Go's durations: 1m30s, 120s, 10ms; a bare number is seconds."""
    if not isinstance(value, str):
        return float(value)
    found = _DURATION.findall(value)
    if not found or "".join(map("".join, found)) != value:
        raise FileRefused(f"{place}: {value!r} is no duration such as 120s or 1m30s.")
    return sum(float(number) * _SECONDS[unit] for number, unit in found)
