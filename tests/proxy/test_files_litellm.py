from __future__ import annotations

from typing import Any

import pytest

from proxy.files import FileRefused, litellm
from proxy.routing import mapping


def deployment(name: str, model: str, **params: Any) -> dict[str, Any]:
    return {"model_name": name, "litellm_params": {"model": model, **params}}


def read(*deployments: dict[str, Any], **sections: Any) -> Any:
    return litellm.read({"model_list": list(deployments), **sections})


def test_deployments_with_one_key_share_a_provider() -> None:
    plan = read(
        deployment("gpt-4o", "openai/gpt-4o-2024-11-20", api_key="os.environ/OPENAI_API_KEY"),
        deployment("small", "gpt-4o-mini", api_key="os.environ/OPENAI_API_KEY"),
        deployment("claude", "anthropic/claude-sonnet-4-5", api_key="sk-ant"),
    )
    assert plan.providers["openai"] == {
        "provider_type": "openai",
        "api_base": "https://api.openai.com/v1",
        "api_key_env": "OPENAI_API_KEY",
        "weight": 1,
        "priority": 0,
        "model_mapping": {"gpt-4o": "gpt-4o-2024-11-20", "small": "gpt-4o-mini"},
    }
    assert plan.providers["anthropic"]["api_key"] == "sk-ant"
    assert plan.notes == []


def test_weights_and_tiers_are_kept_apart() -> None:
    plan = read(
        deployment("gpt", "azure/eu", api_base="https://eu.example", api_version="2024-10-21", weight=3),
        deployment("gpt", "azure/us", api_base="https://us.example", weight=1, order=2),
    )
    eu, us = plan.providers.values()
    assert (eu["weight"], eu["priority"], eu["provider_type"]) == (3, 0, "azure")
    assert eu["provider_params"] == {"api_version": "2024-10-21"}
    assert (us["weight"], us["priority"], us["model_mapping"]) == (1, 1, {"gpt": "us"})


def test_one_asked_name_with_two_models_makes_two_providers() -> None:
    plan = read(deployment("gpt", "openai/a"), deployment("gpt", "openai/b"))
    assert [fields["model_mapping"] for fields in plan.providers.values()] == [{"gpt": "a"}, {"gpt": "b"}]


@pytest.mark.parametrize(
    ("asked", "model", "name", "sent"),
    [("openai/*", "openai/*", "openai/gpt-4o", "gpt-4o"), ("*", "openai/*", "gpt-4o", "gpt-4o")],
)
def test_stars_stand_for_what_they_stood_for(asked: str, model: str, name: str, sent: str) -> None:
    (fields,) = read(deployment(asked, model)).providers.values()
    target = mapping.compile(fields["model_mapping"]).upstream(name)
    assert target is not None and target.name == sent


def test_settings_and_aliases() -> None:
    plan = read(
        deployment("gpt", "openai/gpt-4o"),
        router_settings={
            "num_retries": 2,
            "timeout": 30,
            "model_group_alias": {"best": "gpt"},
            "allowed_fails": 7,
        },
    )
    assert plan.providers["openai"]["model_mapping"] == {"gpt": "gpt-4o", "best": "gpt-4o"}
    assert plan.settings == {
        "http_max_retries": 2,
        "first_byte_timeout_seconds": 30,
        "idle_timeout_seconds": 30,
        "adaptive_5xx_threshold": 7,
    }


def test_what_has_no_equal_is_told() -> None:
    plan = read(
        deployment("a", "bedrock/anthropic.claude"),
        deployment("b", "openai/b", rpm=10),
        router_settings={"routing_strategy": "latency-based-routing", "fallbacks": [{"a": ["b"]}]},
        general_settings={"master_key": "sk-1234"},
    )
    assert list(plan.providers) == ["openai"]
    assert [note.partition(":")[0] for note in plan.notes] == [
        "model_list 1.litellm_params",
        "model_list 2.litellm_params.rpm",
        "router_settings.routing_strategy",
        "router_settings.fallbacks",
        "general_settings",
    ]
    assert "sk-1234" not in " ".join(plan.notes)


def test_metadata_travels_with_the_model() -> None:
    entry = deployment("gpt", "openai/gpt-4o") | {"model_info": {"max_tokens": 4096, "id": "x"}}
    assert read(entry).providers["openai"]["model_mapping"] == {
        "gpt": {"mapped_model": "gpt-4o", "max_tokens": 4096}
    }


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"litellm_params": {"model": "a"}}, "model_list 1: model_name is missing."),
        ({"model_name": "a"}, "model_list 1: litellm_params is missing."),
        (deployment("a", "azure/a"), "azure needs an api_base."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read(entry)
