from __future__ import annotations

from typing import Any

import pytest

from accounts import policies

WHOLE = {
    "param_whitelist": {
        "model": ["gpt-4o", "gpt-4.1-*"],
        "temperature": ["0*", 1],
        "stream": [True],
        "response_format.type": ["text"],
        "tools": [],
    },
    "allowed_origins": [
        "https://app.example.com",
        "https://*.example.com",
        "http://localhost:*",
        "null",
        "*",
    ],
    "required_headers": ["Origin", "x-team"],
    "allowed_endpoints": ["/v1/chat/completions", "models", "v1/threads/*/runs", "/v1/files/"],
    "allowed_methods": ["GET", "post"],
}


@pytest.mark.parametrize("policy", [None, {}, WHOLE, dict.fromkeys(WHOLE)])
def test_a_policy_that_can_be_kept_is_not_refused(policy: Any) -> None:
    assert policies.refusal_of(policy) is None


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ([], "A policy is an object"),
        ("x", "A policy is an object"),
        ({"alowed_origins": []}, "no member 'alowed_origins'"),
        ({"param_whitelist": ["model"]}, "param_whitelist: write an object"),
        ({"param_whitelist": {"model": "gpt-4o"}}, "param_whitelist: model: write a list"),
        ({"param_whitelist": {"model": [{}]}}, "param_whitelist: model: {} is neither"),
        ({"param_whitelist": {"a..b": []}}, "param_whitelist: 'a..b' is no parameter"),
        ({"param_whitelist": {"": []}}, "'' is no parameter"),
        ({"param_whitelist": {"model": ["x" * 501]}}, "is too long"),
        ({"allowed_origins": "https://a"}, "allowed_origins: write a list"),
        ({"allowed_origins": ["https://a.example/"]}, "is no origin"),
        ({"allowed_origins": ["a.example"]}, "is no origin"),
        ({"allowed_origins": ["https://A.example"]}, "is no origin"),
        ({"allowed_origins": [1]}, "1 is no text"),
        ({"required_headers": ["x team"]}, "'x team' is no name of a header"),
        ({"required_headers": [""]}, "is empty"),
        ({"allowed_endpoints": ["/v1/chat/../files"]}, "is no endpoint"),
        ({"allowed_endpoints": ["/v1//chat"]}, "is no endpoint"),
        ({"allowed_endpoints": ["/v1/chat?x=1"]}, "is no endpoint"),
        ({"allowed_endpoints": ["/"]}, "is no endpoint"),
        ({"allowed_methods": ["FETCH"]}, "'FETCH' is none of GET, HEAD, POST"),
        ({"allowed_methods": [None]}, "'None' is none of"),
        ({"allowed_methods": ["GET"] * 1001}, "at most 1000"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(policy: Any, words: str) -> None:
    assert words in (policies.refusal_of(policy) or "")


@pytest.mark.parametrize("models", [[], ["*"], ["gpt-4o", "claude-*"]])
def test_a_list_of_models_that_can_be_kept_is_not_refused(models: Any) -> None:
    assert policies.refusal_of_models(models) is None


@pytest.mark.parametrize("models", ["gpt-4o", [""], [" gpt-4o"], [4], {}, None])
def test_a_list_of_models_is_a_list_of_names(models: Any) -> None:
    assert policies.refusal_of_models(models)
