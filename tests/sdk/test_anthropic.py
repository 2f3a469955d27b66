from __future__ import annotations

from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic

from proxy.simulator import Simulator
from tests.running import Relay

MODEL = "claude-sonnet-5"
TOOL: Any = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def ask(text: str) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 500, "messages": [{"role": "user", "content": text}]}


def test_a_message_is_answered(claude: Anthropic) -> None:
    answer = claude.messages.create(**ask("Which way is north?"))
    assert "Which way is north?" in answer.content[0].text  # type: ignore[union-attr]
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0


async def test_a_message_is_streamed(async_claude: AsyncAnthropic) -> None:
    async with async_claude.messages.stream(**ask("Which way is south?")) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert "Which way is south?" in text
    assert final.usage.output_tokens > 0


def test_a_tool_is_called(claude: Anthropic) -> None:
    answer = claude.messages.create(**ask("Rain in Basel?"), tools=[TOOL])
    assert answer.stop_reason == "tool_use"
    assert [block.name for block in answer.content if block.type == "tool_use"] == ["get_weather"]


def test_thinking_is_streamed(claude: Anthropic) -> None:
    with claude.messages.stream(
        **ask("Think"), thinking={"type": "enabled", "budget_tokens": 1024}
    ) as stream:
        final = stream.get_final_message()
    assert {block.type for block in final.content} == {"thinking", "text"}


def test_tokens_are_counted(claude: Anthropic) -> None:
    given = ask("Some words")
    del given["max_tokens"]
    assert claude.messages.count_tokens(**given).input_tokens > 0


def test_the_providers_key_replaces_the_callers(
    claude: Anthropic, relay_server: Relay, simulator: Simulator
) -> None:
    claude.messages.create(**ask("Whose key is it, 4711?"))
    (request,) = [request for request in simulator.requests if b"4711" in request.body]
    assert relay_server.key not in str(request.headers)
    assert request.header("x-api-key") is None
    assert request.header("anthropic-version")


def test_a_wrong_key_is_an_authentication_error(relay_server: Relay) -> None:
    with (
        Anthropic(base_url=relay_server.url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        stranger.messages.create(**ask("hi"))
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")
    assert caught.value.request_id == body["request_id"]


def test_bad_input_is_a_bad_request_in_anthropics_words(claude: Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.post("/v1/messages", body=[1], cast_to=object)
    body: Any = caught.value.body
    assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, anthropic.RateLimitError), (529, anthropic.InternalServerError), (404, anthropic.NotFoundError)],
)
def test_errors_of_the_provider_are_raised_as_themselves(claude: Anthropic, status: int, kind: Any) -> None:
    with pytest.raises(kind) as caught:
        claude.messages.create(**ask(f"[[sim status={status}]]"))
    assert caught.value.status_code == status


@pytest.mark.conformance("check", "errors")
@pytest.mark.parametrize("script", ["cut=3", "reset=3", "eof=3", "no_done=1"])
def test_a_cut_stream_raises(claude: Anthropic, script: str) -> None:
    with (
        pytest.raises(anthropic.APIStatusError, match="broke off"),
        claude.messages.stream(**ask(f"[[sim {script}]] Cut")) as stream,
    ):
        stream.get_final_message()
