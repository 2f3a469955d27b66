"""Providers by name: where they are reached, and what is particular about them.

A preset only fills in the fields of a new provider; nothing remembers it afterwards. Addresses are those of
the providers' own documentation, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KEYLESS = {"authentication": "none"}


@dataclass(frozen=True, slots=True)
class Preset:
    title: str
    api_base: str
    provider_type: str = "openai"
    provider_params: Mapping[str, Any] = field(default_factory=dict)
    api_key_env: str = ""  # the variable that its own tools read
    note: str = ""

    def fields(self) -> dict[str, Any]:
        """Of a provider; an address that differs from customer to customer has to be given."""
        given = {
            "provider_type": self.provider_type,
            "api_base": "" if "<" in self.api_base else self.api_base,
            "provider_params": dict(self.provider_params),
        }
        return {name: value for name, value in given.items() if value}


PRESETS = {
    "openai": Preset("OpenAI", "https://api.openai.com/v1", api_key_env="OPENAI_API_KEY"),
    "anthropic": Preset(
        "Anthropic", "https://api.anthropic.com", "anthropic", api_key_env="ANTHROPIC_API_KEY",
        note="`/v1/messages` and what belongs to it",
    ),
    "anthropic-openai": Preset(
        "Anthropic, chat completions", "https://api.anthropic.com/v1", api_key_env="ANTHROPIC_API_KEY",
        note="its OpenAI-compatible endpoint",
    ),
    "azure": Preset(
        "Azure OpenAI", "https://<resource>.openai.azure.com", "azure", api_key_env="AZURE_OPENAI_API_KEY",
        note='map each model to its deployment; `{"api_version": "2024-10-21"}` for the classic paths',
    ),
    "qwen": Preset(
        "Qwen (DashScope, China)", "https://dashscope.aliyuncs.com/compatible-mode/v1",
        api_key_env="DASHSCOPE_API_KEY",
    ),
    "qwen-intl": Preset(
        "Qwen (DashScope, international)", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        api_key_env="DASHSCOPE_API_KEY", note="keys of the one region do not work in the other",
    ),
    "deepseek": Preset("DeepSeek", "https://api.deepseek.com/v1", api_key_env="DEEPSEEK_API_KEY"),
    "groq": Preset("Groq", "https://api.groq.com/openai/v1", api_key_env="GROQ_API_KEY"),
    "openrouter": Preset(
        "OpenRouter", "https://openrouter.ai/api/v1", api_key_env="OPENROUTER_API_KEY",
        note='`{"headers": {"HTTP-Referer": "https://…", "X-Title": "…"}}` names your application',
    ),
    "mistral": Preset("Mistral", "https://api.mistral.ai/v1", api_key_env="MISTRAL_API_KEY"),
    "together": Preset("Together", "https://api.together.xyz/v1", api_key_env="TOGETHER_API_KEY"),
    "fireworks": Preset(
        "Fireworks", "https://api.fireworks.ai/inference/v1", api_key_env="FIREWORKS_API_KEY"
    ),
    "xai": Preset("xAI", "https://api.x.ai/v1", api_key_env="XAI_API_KEY"),
    "gemini": Preset(
        "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai",
        api_key_env="GEMINI_API_KEY", note="its OpenAI-compatible endpoint",
    ),
    "moonshot": Preset("Moonshot (China)", "https://api.moonshot.cn/v1", api_key_env="MOONSHOT_API_KEY"),
    "moonshot-intl": Preset(
        "Moonshot (international)", "https://api.moonshot.ai/v1", api_key_env="MOONSHOT_API_KEY"
    ),
    "zhipu": Preset(
        "Zhipu (China)", "https://open.bigmodel.cn/api/paas/v4", api_key_env="ZHIPUAI_API_KEY"
    ),
    "zai": Preset("Z.ai (Zhipu, international)", "https://api.z.ai/api/paas/v4", api_key_env="ZAI_API_KEY"),
    "siliconflow": Preset(
        "SiliconFlow", "https://api.siliconflow.cn/v1", api_key_env="SILICONFLOW_API_KEY"
    ),
    "vllm": Preset(
        "vLLM", "http://127.0.0.1:8001/v1", provider_params=_KEYLESS,
        note="its own port is 8000, which is the relay's too: start it with `--port 8001`",
    ),
    "ollama": Preset("Ollama", "http://127.0.0.1:11434/v1", provider_params=_KEYLESS),
    "lmstudio": Preset("LM Studio", "http://127.0.0.1:1234/v1", provider_params=_KEYLESS),
    "llamacpp": Preset("llama.cpp", "http://127.0.0.1:8080/v1", provider_params=_KEYLESS),
}  # fmt: skip
# As people also call them.
ALIASES = {"dashscope": "qwen", "dashscope-intl": "qwen-intl", "google": "gemini", "llama.cpp": "llamacpp"}
NAMES = (*PRESETS, *ALIASES)


def find(name: str) -> Preset | None:
    return PRESETS.get(ALIASES.get(name, name))


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a new provider, what they leave open from the preset they name. It is not among them then."""
    given = dict(fields)
    preset = find(str(given.get("preset")))
    if preset is None:
        return given
    given.pop("preset")
    return {**preset.fields(), **given}
