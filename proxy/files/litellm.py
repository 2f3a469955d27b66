"""LiteLLM's config.yaml: its deployments become providers with their models and weights.

Deployments that share address, key, weight and tier are one provider; two that send one asked name to
different models are two. What has no equal here is told in the plan's notes, never dropped in silence.
Source: docs.litellm.ai, "Config.yaml" and "Router - Load Balancing".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .plan import Fields, FileRefused, Plan, Section

BASES = {
    "openai": "https://api.openai.com/v1",
    "text-completion-openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "dashscope": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "fireworks_ai": "https://api.fireworks.ai/inference/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.cn/v1",
    "nvidia_nim": "https://integrate.api.nvidia.com/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "ollama_chat": "http://127.0.0.1:11434/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "together_ai": "https://api.together.xyz/v1",
    "xai": "https://api.x.ai/v1",
}
SELF_HOSTED = ("hosted_vllm", "vllm", "openai_like", "custom_openai", "lm_studio", "litellm_proxy")
ENV = "os.environ/"
PRICES = (
    "input_cost_per_token",
    "output_cost_per_token",
    "max_tokens",
    "max_input_tokens",
    "max_output_tokens",
)
STRATEGIES = (None, "simple-shuffle")


@dataclass(slots=True)
class _Deployment:
    asked: str
    model: str
    prefix: str
    fields: Fields
    metadata: Fields = field(default_factory=dict)


def read(document: dict[str, Any]) -> Plan:
    top, plan = Section("", document), Plan()
    for number, entry in enumerate(top.take("model_list", list, []), 1):
        deployment = _deployment(Section(f"model_list {number}", entry), plan)
        if deployment is not None:
            _place(deployment, plan)
    _read_router(Section("router_settings", top.take("router_settings", dict, {})), plan)
    _read_library(Section("litellm_settings", top.take("litellm_settings", dict, {})), plan)
    for name in sorted(top.rest()):
        plan.notes.append(f"{name}: not imported; docs/import.md says what to use instead.")
    return plan


def _deployment(section: Section, plan: Plan) -> _Deployment | None:
    asked = section.need("model_name")
    params = Section(f"{section.place}.litellm_params", section.need("litellm_params", dict))
    info = section.take("model_info", dict, {})
    _note_rest(section, plan)
    prefix, slash, model = params.need("model").partition("/")
    if not slash or (prefix not in BASES and prefix not in (*SELF_HOSTED, "azure")):
        if slash and params.take("api_base", str) is None:
            plan.notes.append(f"{params.place}: {prefix!r} does not speak OpenAI's protocol; left out.")
            return None
        prefix, model = "openai", f"{prefix}{slash}{model}"
    fields = _fields(params, prefix)
    _note_rest(params, plan)
    metadata = {name: info[name] for name in PRICES if info.get(name) is not None}
    asked, model = _with_star(asked, model)
    return _Deployment(asked, model, prefix, fields, metadata)


def _with_star(asked: str, model: str) -> tuple[str, str]:
    """`openai/*` to `openai/*` sends what the star stands for; a lone star here is the whole asked name."""
    if model == "*" and asked != "*" and asked.count("*") == 1:
        return re.escape(asked).replace(r"\*", "(.*)"), r"\1"
    return asked, model


def _fields(params: Section, prefix: str) -> Fields:
    base = params.take("api_base", str) or params.take("base_url", str) or BASES.get(prefix)
    if base is None:
        raise FileRefused(f"{params.place}: {prefix} needs an api_base.")
    if base.startswith(ENV):
        raise FileRefused(f"{params.place}.api_base: write the address itself, not {base}.")
    fields: Fields = {"provider_type": "azure" if prefix == "azure" else "openai", "api_base": base}
    key = params.take("api_key", str, "")
    fields |= (
        {"api_key_env": key.removeprefix(ENV)} if key.startswith(ENV) else {"api_key": key} if key else {}
    )
    if version := params.take("api_version", str):
        fields["provider_params"] = {"api_version": version}
    fields["weight"] = params.take("weight", int, 1)
    fields["priority"] = max(params.take("order", int, 1) - 1, 0)
    for name, column in (
        ("timeout", "first_byte_timeout_seconds"),
        ("stream_timeout", "idle_timeout_seconds"),
    ):
        if (seconds := params.take(name, (int, float))) is not None:
            fields[column] = seconds
    if (retries := params.take("max_retries", int)) is not None:
        fields["http_max_retries"] = retries
    return fields


def _place(deployment: _Deployment, plan: Plan) -> None:
    """Into the provider it shares with others, or into one of its own."""
    own = {name: value for name, value in deployment.fields.items() if name != "model_mapping"}
    target: Any = deployment.model
    if deployment.metadata:
        target = {"mapped_model": deployment.model, **deployment.metadata}
    for fields in plan.providers.values():
        mapping = fields["model_mapping"]
        if {**fields, "model_mapping": None} == {
            **own,
            "model_mapping": None,
        } and deployment.asked not in mapping:
            mapping[deployment.asked] = target
            return
    name = _free_name(deployment.prefix, plan)
    plan.providers[name] = own | {"model_mapping": {deployment.asked: target}}


def _free_name(prefix: str, plan: Plan) -> str:
    base = re.sub(r"[^A-Za-z0-9._-]", "-", prefix)
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(plan.providers) + 2))
    return next(name for name in names if name not in plan.providers)


def _read_router(section: Section, plan: Plan) -> None:
    strategy = section.take("routing_strategy", str)
    if strategy not in STRATEGIES:
        plan.notes.append(f"router_settings.routing_strategy: {strategy} becomes a choice by weight.")
    aliases = section.take("model_group_alias", dict, {})
    for alias, group in aliases.items():
        _alias(alias, group["model"] if isinstance(group, dict) else group, plan)
    _read_limits(section, plan)
    if (fails := section.take("allowed_fails", int)) is not None:
        plan.settings["adaptive_5xx_threshold"] = max(fails, 1)
    if (rest := section.take("cooldown_time", (int, float))) is not None:
        plan.settings["adaptive_base_open_duration_secs"] = rest
    _note_rest(section, plan)


def _read_library(section: Section, plan: Plan) -> None:
    _read_limits(section, plan)
    _note_rest(section, plan)


def _read_limits(section: Section, plan: Plan) -> None:
    if (retries := section.take("num_retries", int)) is not None:
        plan.settings["http_max_retries"] = retries
    seconds = section.take("timeout", (int, float)) or section.take("request_timeout", (int, float))
    if seconds is not None:
        plan.settings |= {"first_byte_timeout_seconds": seconds, "idle_timeout_seconds": seconds}


def _alias(alias: str, group: Any, plan: Plan) -> None:
    """Another name for a group: each provider that serves the group serves it under both."""
    for fields in plan.providers.values():
        if group in fields["model_mapping"]:
            fields["model_mapping"][alias] = fields["model_mapping"][group]


def _note_rest(section: Section, plan: Plan) -> None:
    for name in sorted(section.rest()):
        plan.notes.append(f"{section.place}.{name}: not imported.")
