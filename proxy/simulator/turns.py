"""What the pretended model says, before any wire format: words, reasoning, tool calls, counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from proxy.simulator import schemas, words
from proxy.simulator.script import Script

CACHED_PROMPT_TOKENS = 1024
IMAGE_TOKENS = 255


@dataclass(slots=True)
class Tool:
    name: str
    schema: dict[str, Any]


@dataclass(slots=True)
class Prompt:
    """A request of any dialect, reduced to what the answer depends on."""

    text: str = ""
    images: int = 0
    tool_results: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    forced_tool: str | None = None
    is_parallel: bool = True
    schema: dict[str, Any] | None = None
    reasoning: int = 0
    hidden_reasoning: int = 0
    """Reasoning tokens that are only billed, never shown."""
    input_tokens: int = 0
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str

    @property
    def fragments(self) -> list[str]:
        return words.tokens(self.arguments)


@dataclass(slots=True)
class Turn:
    pieces: tuple[str, ...]
    reasoning: tuple[str, ...]
    calls: list[ToolCall]
    finish: str
    """In OpenAI's words: stop, length, tool_calls, content_filter."""
    refusal: bool
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def chunk_count(self) -> int:
        """Events that carry a part of the answer, when it is streamed."""
        return len(self.reasoning) + len(self.pieces) + sum(len(call.fragments) for call in self.calls)


def compose(prompt: Prompt, script: Script, choice: int = 0) -> Turn:
    calls = _call_tools(prompt, script)
    pieces = () if calls else _speak(prompt, script, choice)
    reasoning = words.answer(f"Thinking about {prompt.text[:60]}", _reasoning_length(prompt, script))
    finish = script.finish or ("tool_calls" if calls else "stop")
    if script.chunks is None and prompt.max_tokens is not None and len(pieces) > prompt.max_tokens:
        pieces, finish = pieces[: prompt.max_tokens], "length"
    reasoning_tokens = len(reasoning) + prompt.hidden_reasoning
    spoken = len(pieces) + sum(words.count(call.arguments) + 8 for call in calls)
    cached = prompt.input_tokens // 2 // 128 * 128 if prompt.input_tokens >= CACHED_PROMPT_TOKENS else 0
    return Turn(
        pieces=pieces,
        reasoning=reasoning,
        calls=calls,
        finish=finish,
        refusal=script.refusal,
        input_tokens=prompt.input_tokens,
        cached_tokens=cached,
        output_tokens=spoken + reasoning_tokens,
        reasoning_tokens=reasoning_tokens,
    )


def _reasoning_length(prompt: Prompt, script: Script) -> int:
    return prompt.reasoning if script.reasoning is None else script.reasoning


def _speak(prompt: Prompt, script: Script, choice: int) -> tuple[str, ...]:
    if script.text is not None:
        pieces = words.cut_up(script.text, script.chunks)
    elif prompt.schema is not None:
        pieces = words.cut_up(orjson.dumps(_fill(prompt.schema, prompt.text)).decode(), script.chunks)
    else:
        pieces = words.answer(_said(prompt, choice), script.chunks)
    if script.big_event and pieces:
        pieces = (pieces[0] + _padding(script.big_event), *pieces[1:])
    return pieces


def _said(prompt: Prompt, choice: int) -> str:
    said = prompt.text
    if prompt.images:
        said += f" (with {prompt.images} image{'s' if prompt.images > 1 else ''})"
    if prompt.tool_results:
        said += f" (tools answered: {'; '.join(prompt.tool_results)[:120]})"
    return f"[{choice}] {said}" if choice else said


def _padding(size: int) -> str:
    line = "0123456789abcdef "
    return (line * (size // len(line) + 1))[:size]


def _call_tools(prompt: Prompt, script: Script) -> list[ToolCall]:
    if not prompt.tools or (prompt.tool_results and not script.tool_calls):
        return []
    if script.tool_calls is not None:
        chosen = [prompt.tools[i % len(prompt.tools)] for i in range(script.tool_calls)]
    elif prompt.forced_tool is not None:
        chosen = [tool for tool in prompt.tools if tool.name == prompt.forced_tool][:1]
    else:
        chosen = prompt.tools[: 2 if prompt.is_parallel else 1]
    return [
        ToolCall(
            tool.name, orjson.dumps(_fill(tool.schema, f"{prompt.text} {i}" if i else prompt.text)).decode()
        )
        for i, tool in enumerate(chosen)
    ]


def _fill(schema: dict[str, Any], text: str) -> Any:
    return schemas.example(schema, " ".join(text.split())[:60])


def usage(turn: Turn, choices: int = 1, output_tokens: int | None = None) -> dict[str, Any]:
    """The usage object of chat completions."""
    completion = turn.output_tokens if output_tokens is None else output_tokens
    return {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": completion,
        "total_tokens": turn.input_tokens + completion,
        "prompt_tokens_details": {"cached_tokens": turn.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": turn.reasoning_tokens * choices,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
