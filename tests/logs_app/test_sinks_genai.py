from __future__ import annotations

from typing import Any

import orjson
import pytest

from logs_app.sinks import genai
from tests.logs_app.told import event, failed, message

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Brno"}'}}


def said(asked: Any, answered: Any = None) -> dict[str, Any]:
    found = genai.said(event(request=message(asked), response=message(answered)))
    return {name: orjson.loads(text) for name, text in found.items()}


def test_facts_have_the_names_of_the_conventions() -> None:
    found = genai.attributes(
        event(
            provider="azure",
            model="gpt-4o",
            model_served="gpt-4o-2024",
            session="s-1",
            is_streaming=True,
            ttft_ms=250.0,
            finish_reason="stop",
            usage={
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "cached_tokens": 4,
                "cache_write_tokens": 1,
                "reasoning_tokens": 2,
                "total_tokens": 15,
            },
            request=message({"temperature": 1, "max_completion_tokens": 9, "stop": "END", "n": 2, "seed": 7}),
            response=message({"id": "chatcmpl-1"}),
        )
    )
    assert (
        found.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024",
            "gen_ai.response.id": "chatcmpl-1",
            "gen_ai.response.time_to_first_chunk": 0.25,
            "gen_ai.conversation.id": "s-1",
            "gen_ai.request.stream": True,
            "gen_ai.request.temperature": 1.0,
            "gen_ai.request.max_tokens": 9,
            "gen_ai.request.seed": 7,
            "gen_ai.request.choice.count": 2,
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 4,
            "gen_ai.usage.cache_creation.input_tokens": 1,
            "gen_ai.usage.reasoning.output_tokens": 2,
        }.items()
    )
    assert type(found["gen_ai.request.temperature"]) is float
    assert found["gen_ai.request.stop_sequences"] == ["END"]
    assert found["gen_ai.response.finish_reasons"] == ["stop"]
    assert "error.type" not in found


def test_what_is_not_known_is_left_out() -> None:
    found = genai.attributes(event(provider="", usage={"prompt_tokens": None}))
    assert None not in found.values() and "" not in found.values()
    assert "gen_ai.usage.input_tokens" not in found


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"endpoint": "/v1/embeddings", "model": "e"}, "embeddings e"),
        ({"endpoint": "/v1/completions", "model": "c"}, "text_completion c"),
        ({"endpoint": "/v1/images/generations", "model": "i"}, "generate_content i"),
        ({"endpoint": "/v1/models", "model": "", "method": "GET"}, "GET /v1/models"),
    ],
)
def test_a_span_is_named_by_what_is_done(changes: dict[str, str], name: str) -> None:
    assert genai.name(event(**changes)) == name


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "upstream_unreachable"),
        ({"error_code": ""}, "503"),
        ({"error_code": "", "status_code": None}, "failed"),
    ],
)
def test_an_error_has_a_kind(changes: dict[str, Any], kind: str) -> None:
    assert genai.attributes(failed(**changes))["error.type"] == kind


def test_a_conversation_with_tools_and_pictures_has_parts() -> None:
    asked = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Where?"},
                    {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            },
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        ]
    }
    system, user, assistant, tool = said(asked)["gen_ai.input.messages"]
    assert system == {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]}
    assert [part["type"] for part in user["parts"]] == ["text", "uri", "blob"]
    assert user["parts"][2].items() >= {"mime_type": "image/png", "content": "AAAA"}.items()
    assert assistant["parts"] == [
        {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Brno"}}
    ]
    assert tool["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "rain"}]


def test_an_answer_says_why_it_ended() -> None:
    choice = {"message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
    found = said({"prompt": "Well?"}, {"choices": [choice]})
    assert found["gen_ai.output.messages"] == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Yes."}], "finish_reason": "stop"}
    ]
    assert found["gen_ai.input.messages"][0]["parts"] == [{"type": "text", "content": "Well?"}]


def test_nothing_said_is_nothing() -> None:
    assert said(None) == {}
