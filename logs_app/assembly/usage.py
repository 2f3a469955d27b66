"""The providers' many shapes of usage, brought into one set of columns.

A count that a provider did not send is None, never 0. `prompt` always includes the cached part: Anthropic's
input_tokens do not (prompt = input + cache creation + cache read), everybody else's do. `completion` always
includes the reasoning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

# No column holds more, and no model counts so far: a larger figure is not a token count.
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Usage:
    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    audio: int | None = None
    image: int | None = None
    estimated: bool = False
    # Of `audio` and `image`, what was in the prompt.
    prompt_audio: int | None = None
    prompt_image: int | None = None


NOTHING = Usage()
# "input_token_details", without the s, is how transcriptions and realtime spell it; the third is Mistral's.
PROMPT_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "prompt_token_details",
)
COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
# Anthropic's, DeepSeek's, Moonshot's and Mistral's names.
CACHED = ("cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")


def normalise(raw: dict[str, Any] | None) -> Usage | None:
    """None when no token was counted, as in a transcription that is billed by its duration."""
    if type(raw) is not dict:
        return None
    of_prompt = _details(raw, PROMPT_DETAILS)
    of_completion = _details(raw, COMPLETION_DETAILS)
    prompt = _prompt(raw, of_prompt)
    completion = _first(raw, "completion_tokens", "output_tokens")
    total = _first(raw, "total_tokens")
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    cached = _first(of_prompt, "cached_tokens")
    cache_write = _first(of_prompt, "cache_write_tokens")
    reasoning = _first(of_completion, "reasoning_tokens", "thinking_tokens")
    if reasoning is None:
        reasoning = _first(raw, "reasoning_tokens")
    heard, seen = _first(of_prompt, "audio_tokens"), _first(of_prompt, "image_tokens")
    usage = Usage(
        prompt,
        _with_reasoning(prompt, completion, total, reasoning),
        total,
        cached if cached is not None else _first(raw, *CACHED),
        cache_write if cache_write is not None else _first(raw, "cache_creation_input_tokens"),
        reasoning,
        _sum(heard, _first(of_completion, "audio_tokens")),
        _sum(seen, _first(of_completion, "image_tokens")),
        prompt_audio=heard,
        prompt_image=seen,
    )
    return None if usage == NOTHING else usage


def drawn(used: Usage) -> Usage:
    """An answer that is pictures, also where the provider does not say of what kind its tokens are."""
    if used.image not in (None, used.prompt_image):
        return used
    return replace(used, image=_sum(used.prompt_image, used.completion))


def _prompt(raw: dict[str, Any], details: dict[str, Any]) -> int | None:
    prompt = _first(raw, "prompt_tokens")
    if prompt is not None:
        return prompt
    read = _first(raw, "input_tokens")
    if read is None or "cached_tokens" in details:
        return read
    return _sum(read, _first(raw, "cache_creation_input_tokens"), _first(raw, "cache_read_input_tokens"))


def _with_reasoning(
    prompt: int | None, completion: int | None, total: int | None, reasoning: int | None
) -> int | None:
    """xAI's completion tokens leave out the reasoning, everybody else's include it; the total tells."""
    if completion is None or not reasoning or total != (prompt or 0) + completion + reasoning:
        return completion
    return completion + reasoning


def _details(raw: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        if type(raw.get(name)) is dict:
            return raw[name]
    return {}


def _first(raw: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = raw.get(name)
        if type(value) is float and math.isfinite(value):
            value = round(value)  # some vendors send counts as floats
        if type(value) is int and 0 <= value <= LARGEST:
            return value
    return None


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
