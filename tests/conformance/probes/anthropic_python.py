"""The anthropic SDK for Python. Runs alone: `python anthropic_python.py`."""

from __future__ import annotations

import os
import sys
from typing import Any

import anthropic

if __package__:
    from tests.conformance.probes.asking import Questions, heard, true
else:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from asking import Questions, heard, true

QUESTIONS = Questions()
ask = QUESTIONS.about
WORDS = "Which way is Basel?"
CALL: Any = {
    "model": "claude-sonnet-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": WORDS}],
}
TOOL: Any = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def connect(url: str, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=20)


@ask("messages", "whole")
def _messages(client: Any) -> None:
    answer = client.messages.create(**CALL)
    heard(answer.content[0].text, WORDS)
    true(answer.usage.output_tokens > 0, "no usage")


@ask("messages", "stream")
def _messages_streamed(client: Any) -> None:
    with client.messages.stream(**CALL) as stream:
        heard("".join(stream.text_stream), WORDS)
        true(stream.get_final_message().usage.output_tokens > 0, "no usage")


@ask("messages, tools", "whole")
def _tools(client: Any) -> None:
    answer = client.messages.create(**CALL, tools=[TOOL])
    true(answer.stop_reason == "tool_use", "no tool was called")


@ask("messages, tools", "stream")
def _tools_streamed(client: Any) -> None:
    with client.messages.stream(**CALL, tools=[TOOL]) as stream:
        true(stream.get_final_message().stop_reason == "tool_use", "no tool was called")


@ask("messages/count_tokens", "whole")
def _count_tokens(client: Any) -> None:
    counted = client.messages.count_tokens(model=CALL["model"], messages=CALL["messages"])
    true(counted.input_tokens > 0, "no number")


@ask("messages, errors", "whole")
def _errors(client: Any) -> None:
    try:
        client.messages.create(**{**CALL, "messages": [{"role": "user", "content": "[[sim status=429]]"}]})
    except anthropic.RateLimitError:
        return
    raise ValueError("a 429 of the provider was not raised as RateLimitError")


@ask("messages, errors", "stream")
def _errors_streamed(client: Any) -> None:
    cut = {**CALL, "messages": [{"role": "user", "content": "[[sim cut=3]] " + WORDS}]}
    try:
        with client.messages.stream(**cut) as stream:
            stream.get_final_message()
    except anthropic.AnthropicError:
        return
    raise ValueError("a stream that broke off ended as if it were whole")


if __name__ == "__main__":
    QUESTIONS.main(connect)
