"""TOML: `[settings]`, `[provider.x]`, `[processor.x]`, `[[route]]` with the columns' names, which is what
`sync_config --export` writes; and the older `[llm.x]`, `[server]` with words of their own.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from .columns import JSON_SUFFIX, PROCESSOR, PROVIDER, ROUTE, SETTINGS
from .plan import Fields, FileRefused, Plan, Section

# What `type` of an [llm.x] serves.
ENDPOINTS = {
    "chat": "chat/completions",
    "completion": "completions",
    "embedding": "embeddings",
    "image": "images",
    "audio": "audio",
}
TYPES = ("openai", "azure", "anthropic")
_INLINE_OVER_LINES = re.compile(r"=\s*\{[^{}\n]*\n")
_ENDPOINT_IN_BASE = re.compile(r"/(?:chat/completions|completions|embeddings|messages|responses)/?\Z")


def read(text: str) -> Plan:
    top = Section("", _parse(text))
    plan = Plan()
    plan.settings |= _columns(Section("settings", top.take("settings", dict, {})), SETTINGS)
    _read_server(Section("server", top.take("server", dict, {})), plan)
    for name, section in top.sections("provider").items():
        plan.providers[name] = _columns(section, PROVIDER)
    for name, section in top.sections("llm").items():
        plan.providers[name] = _llm(section, plan)
    for name, section in top.sections("processor").items():
        plan.processors[name] = _columns(section, PROCESSOR)
    for number, table in enumerate(top.take("route", list, []), 1):
        name, fields = _route(Section(f"route {number}", table))
        plan.routes[name] = fields
    top.end()
    _check_names(plan)
    return plan


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = ""
        if _INLINE_OVER_LINES.search(text):
            hint = (
                " A table in braces must stand on one line; for a longer one write"
                " [processor.NAME.additional_config] and a line for each member."
            )
        raise FileRefused(f"This is no TOML 1.0: {error}.{hint}") from None


def _columns(section: Section, names: frozenset[str]) -> Fields:
    fields: Fields = {}
    for name, value in section.rest().items():
        column = name.removesuffix(JSON_SUFFIX) if name not in names else name
        if column not in names:
            raise FileRefused(f"{section.place}: nothing here is called {name}.")
        fields[column] = value if column == name else _from_json(section.place, name, value)
    return fields


def _from_json(place: str, name: str, text: Any) -> Any:
    """TOML has no null: a value with one inside travels as JSON text."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        raise FileRefused(f"{place}.{name}: this is no JSON text.") from None


def _llm(section: Section, plan: Plan) -> Fields:
    provider, kind = section.take("provider", str, "openai"), section.take("type", str, "chat")
    if kind not in ENDPOINTS:
        raise FileRefused(f"{section.place}.type: {kind!r} is none of {', '.join(ENDPOINTS)}.")
    if provider not in TYPES:
        plan.notes.append(f"{section.place}: provider {provider!r} is taken for one that speaks like OpenAI.")
    base = section.need("base_url")
    fields = {
        "provider_type": provider if provider in TYPES else "openai",
        "api_base": _ENDPOINT_IN_BASE.sub("", base),
        "endpoints": [ENDPOINTS[kind]],
        "api_key_env": section.take("token_env", str, ""),
        "supports_streaming": section.take("supports_streaming", bool, True),
        "provider_params": section.take("additional_config", dict, {}),
    }
    section.end()
    return fields


def _route(section: Section) -> tuple[str, Fields]:
    target = section.take("target_llm", str)
    fields = _columns(section, ROUTE)
    if target is not None:
        fields["providers"] = [target]
    if not isinstance(fields.get("path_prefix"), str):
        raise FileRefused(f"{section.place}: path_prefix is missing.")
    name = fields.pop("name", None) or re.sub(r"[^A-Za-z0-9._-]+", "-", fields["path_prefix"]).strip("-")
    return str(name), fields


def _read_server(section: Section, plan: Plan) -> None:
    """Where the relay listens is the environment's to say; the time limit is a setting."""
    seconds = section.take("request_timeout_secs", (int, float))
    if seconds is not None:
        plan.settings |= {"first_byte_timeout_seconds": seconds, "idle_timeout_seconds": seconds}
    for name, variable in (("host", "HOST"), ("port", "PORT"), ("log_level", "LOG_LEVEL")):
        value = section.take(name, (str, int))
        if value is not None:
            plan.lines.append(f"{variable}={value}")
    origins = section.take_texts("cors_allowed_origins")
    if origins:
        plan.lines.append(f"CORS_ALLOWED_ORIGINS={','.join(origins)}")
    section.end()


def _check_names(plan: Plan) -> None:
    """Of a route's processors, that the file has them; providers may be in the database already."""
    for name, fields in plan.routes.items():
        for column in ("providers", "processors"):
            listed = fields.get(column, [])
            if not (isinstance(listed, list) and all(isinstance(each, str) for each in listed)):
                raise FileRefused(f"route {name}.{column}: write a list of names.")
