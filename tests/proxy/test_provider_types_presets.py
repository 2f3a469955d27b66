from __future__ import annotations

from typing import Any

import pytest

from proxy import provider_types
from proxy.configuration.configuration import Provider as Value
from proxy.models import Provider
from proxy.provider_types import presets
from proxy.provider_types.presets import PRESETS

URLS = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "qwen": "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "zhipu": "https://open.bigmodel.cn/api/paas/v4/chat/completions",
    "ollama": "http://127.0.0.1:11434/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
}


@pytest.mark.parametrize("name", presets.NAMES)
def test_a_provider_made_of_a_preset_can_be_saved(name: str) -> None:
    found = presets.find(name)
    assert found is not None
    Provider(**{"provider_key": "p1", "api_base": "https://x.test"} | found.fields()).full_clean(
        validate_unique=False, validate_constraints=False
    )


@pytest.mark.parametrize(("name", "url"), URLS.items())
def test_calls_go_where_the_provider_is(name: str, url: str) -> None:
    fields: dict[str, Any] = PRESETS[name].fields()
    one = Value(
        1, name, fields["provider_type"], fields["api_base"], "", params=fields.get("provider_params", {})
    )
    kind = provider_types.of(one)
    assert kind.url(one, "chat/completions", "", "m") == url
    assert kind.needs_key(one) is (name != "ollama")


def test_what_is_given_counts_before_the_preset() -> None:
    assert presets.filled({"preset": "dashscope", "api_base": "http://mine"}) == {
        "provider_type": "openai",
        "api_base": "http://mine",
    }
    assert presets.filled({"preset": "azure"}) == {"provider_type": "azure"}
    assert presets.filled({"preset": "nobody", "weight": 1}) == {"preset": "nobody", "weight": 1}
    assert presets.filled({"weight": 1}) == {"weight": 1}
