"""How a request goes on from the one before it in its session: where they part, and what that costs.

Providers keep the beginning of a prompt in a cache: tools, system prompt and messages, in that order, up to
the first difference. What the previous request had beyond it must be read, and paid, again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from os.path import commonprefix
from typing import Any

from logs_app.counting import prompts
from logs_app.counting.meter import Meter
from logs_app.presentation import differences

_BEFORE_THE_MESSAGES = ("tools", "functions", "system", "instructions")
_CONVERSATIONS = ("messages", "input")
# It marks how far a prompt is to be cached, and is no part of it.
_MARKER = "cache_control"

Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a prompt. `path` is where it stands in the request: tools, messages/3."""

    path: str
    value: Any


def compare(before: Any, after: Any) -> dict[str, Any] | None:
    """None when one of them is no conversation.

    {is_same_model, first_difference {path, before, after, text} or null, messages {before, after, same},
    tokens {before, shared, lost}}; tokens are counted here, by message.
    """
    if not (_is_conversation(before) and _is_conversation(after)):
        return None
    is_same_model = before.get("model") == after.get("model")
    shared, one, other = _part_ways(list(_parts(before)), list(_parts(after)))
    model = before.get("model")
    tokens = _tokens(before, model)
    kept = _tokens(_request(shared, one, other), model) if is_same_model else 0
    return {
        "is_same_model": is_same_model,
        "first_difference": _difference(one, other),
        "messages": {
            "before": len(_messages(before)),
            "after": len(_messages(after)),
            "same": sum(part.path.startswith(_CONVERSATIONS) for part in shared),
        },
        "tokens": {"before": tokens, "shared": kept, "lost": max(tokens - kept, 0)},
    }


def _is_conversation(request: Any) -> bool:
    return isinstance(request, dict) and any(request.get(name) for name in _CONVERSATIONS)


def _parts(request: Request) -> Iterator[Part]:
    for name in _BEFORE_THE_MESSAGES:
        if request.get(name):
            yield Part(name, _without_markers(request[name]))
    for place, message in enumerate(_messages(request)):
        yield Part(f"messages/{place}", _without_markers(message))


def _messages(request: Request) -> list[Any]:
    said = request.get("messages") or request.get("input")
    return said if isinstance(said, list) else [{"role": "user", "content": said}]


def _without_markers(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_markers(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_markers(each) for name, each in value.items() if name != _MARKER}
    return value


def _part_ways(before: list[Part], after: list[Part]) -> tuple[list[Part], Part | None, Part | None]:
    """What is shared, and the first part of each that is not. A request that only goes on differs nowhere."""
    shared: list[Part] = []
    for one, other in zip_longest(before, after):
        if one is None:
            return shared, None, None
        if one != other:
            return shared, one, other
        shared.append(one)
    return shared, None, None


def _difference(one: Part | None, other: Part | None) -> dict[str, Any] | None:
    if one is None:
        return None
    before, after = one.value, other.value if other else None
    texts = [_text(one), _text(other)]
    blocks = [] if None in texts else [asdict(block) for block in differences.of_texts(*map(str, texts))]
    return {"path": one.path, "before": before, "after": after, "text": blocks}


def _request(shared: list[Part], one: Part | None, other: Part | None) -> Request:
    """What both begin with, as a request; of two texts that differ, the words up to there."""
    request: Request = {part.path: part.value for part in shared if "/" not in part.path}
    messages = [part.value for part in shared if "/" in part.path]
    first, second = _text(one), _text(other)
    if first and second and one and _role(one) is not None and _role(one) == _role(other):
        messages.append({**one.value, "content": commonprefix([first, second])})
    return request | {"messages": messages}


def _role(part: Part | None) -> Any:
    return part.value.get("role") if part and isinstance(part.value, dict) else None


def _text(part: Part | None) -> str | None:
    value = part.value if part else None
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else None


def _tokens(request: Request, model: Any) -> int:
    name = model if isinstance(model, str) else None
    meter = Meter(name)
    prompts.read_chat(meter, request, name)
    return meter.tokens
