from __future__ import annotations

from typing import Any

import pytest

from proxy.files import FileRefused, apis

ENTRY: dict[str, Any] = {
    "base_url": "https://api.openai.com",
    "allowed_endpoints": ["/v1/chat/completions", "/v1/models"],
    "allowed_methods": ["GET", "POST", "OPTIONS"],
    "timeouts": {
        "request": "1m30s",
        "response_header": "30s",
        "idle_connection": "90s",
        "flush_interval": "10ms",
    },
    "connection": {"max_idle_conns": 100},
    "param_whitelist": {"model": ["gpt-4o", "gpt-4o-*"]},
    "allowed_origins": ["https://app.example"],
    "required_headers": ["origin"],
}
OTHER = {"base_url": "https://api.anthropic.com", "allowed_endpoints": ["/v1/messages"]}


def test_an_entry_becomes_a_provider_with_a_policy() -> None:
    plan = apis.read({"default_api": "openai", "apis": {"openai": ENTRY}})
    assert plan.providers == {
        "default": {
            "api_base": "https://api.openai.com",
            "provider_type": "openai",
            "policy": {
                "allowed_endpoints": ["/v1/chat/completions", "/v1/models"],
                "allowed_origins": ["https://app.example"],
                "required_headers": ["origin"],
                "allowed_methods": ["GET", "POST"],
                "param_whitelist": {"model": ["gpt-4o", "gpt-4o-*"]},
            },
            "total_timeout_seconds": 90,
            "first_byte_timeout_seconds": 30,
        }
    }


def test_only_the_default_one_is_switched_on() -> None:
    plan = apis.read({"default_api": "openai", "apis": {"openai": ENTRY, "anthropic": OTHER}})
    assert "is_enabled" not in plan.providers["default"]
    assert plan.providers["anthropic"]["is_enabled"] is False
    assert plan.providers["anthropic"]["provider_type"] == "anthropic"
    assert any("apis.anthropic is imported switched off" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"default_api": "b", "apis": {"a": ENTRY}}, "default_api: there is no 'b' under apis."),
        ({"apis": {"a": {"base_url": "https://a", "retries": 3}}}, "apis.a: nothing here is called retries."),
        ({"apis": {"a": {}}}, "apis.a: base_url is missing."),
        (
            {"apis": {"a": {"base_url": "https://a", "timeouts": {"request": "soon"}}}},
            "'soon' is no duration",
        ),
        ({"apis": {}, "server": {}}, "The file: nothing here is called server."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(document: dict[str, Any], words: str) -> None:
    with pytest.raises(FileRefused) as refused:
        apis.read(document)
    assert words in str(refused.value)
