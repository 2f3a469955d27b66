"""The quick look; what the close one finds is in test_policy.py."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.request import modelnames
from tests.proxy.calls import call


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "a", "messages": []}',
        b'{"messages": [{"role": "user", "content": "my \\"model\\" caf\\u00e9"}], "model": "a"}',
    ],
)
def test_a_plain_call_names_its_one_model(body: bytes) -> None:
    assert modelnames.only_one(call(body=body)) == "a"


@pytest.mark.parametrize(
    "given",
    [
        {"body": b'{"model": "a", "model": "a"}'},
        {"body": b'{"model": "a", "Model": "b"}'},
        {"body": b'{"model": "a", "models": ["b"]}'},
        {"body": '{"model": "a", "model\u017f": ["b"]}'.encode()},
        {"body": b'{"model": "a", "fallbacks": ["b"]}'},
        {"body": '{"model": "a", "fallbac\u212as": ["b"]}'.encode()},
        {"body": b'{"model": "a", "tools": [{"model": "b"}]}'},
        {"body": rb'{"model": "a", "\u006dodel": "b"}'},
        {"body": rb'{"\u006dodel": "a"}'},
        {"body": b'{"x": "model"}'},
        {"body": b'{"model": ["a"]}'},
        {"body": b'{"model": ""}'},
        {"body": b"[]"},
        {"body": b""},
        {"body": b'{"model": "a"}', "query": "x=1"},
        {"body": b'{"model": "a"}', "path": "/v1/engines/b/completions"},
        {"body": b'{"model": "a"}', "content_type": "text/plain"},
        {"body": b'{"model": "a"}', "content_type": "application/json; charset=utf-7"},
        {"body": b'{"model": "a"}', "headers": (("content-type", "text/plain"),)},
        {"body": b'{"model": "a"}', "headers": (("content-encoding", "gzip"),)},
    ],
)
def test_what_is_not_plain_takes_a_closer_look(given: dict[str, Any]) -> None:
    assert modelnames.only_one(call(**given)) is None


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/models/gpt-4o", "gpt-4o"),
        ("/v1/models/meta/llama-3:8b", "meta/llama-3:8b"),
        ("/v1/engines/davinci/completions", "davinci"),
        ("/v1/openai/deployments/gpt-4o/chat/completions", "gpt-4o"),
        ("/v1/deployments/gpt-4o", "gpt-4o"),
        ("/v1/models", None),
        ("/v1/chat/completions", None),
    ],
)
def test_a_model_in_the_path(path: str, model: str | None) -> None:
    assert modelnames.in_path(path) == model
