"""Items of the responses API: what one side says in a row is one turn."""

from __future__ import annotations

from typing import Any

from logs_app.jsonvalues import mapping, text_of

from . import content
from .turns import Data, Part, Reasoning, Result, Turn


def read(said: Any, role: str = "user") -> list[Turn]:
    """`role` has what does not say whose it is."""
    turns: list[Turn] = []
    for item in said if isinstance(said, list) else [said]:
        turn = _turn(item, role)
        if turns and turns[-1].role == turn.role and not _is_new(item, turn):
            turns[-1].parts += turn.parts
        else:
            turns.append(turn)
    return turns


def _is_new(item: Any, turn: Turn) -> bool:
    """A message of the user begins a turn; of the model it belongs to its thoughts and calls."""
    return isinstance(item, dict) and _is_message(item) and turn.role != "assistant"


def _is_message(item: Any) -> bool:
    return not isinstance(item, dict) or item.get("type") in (None, "message")


def _turn(item: Any, role: str) -> Turn:
    if not isinstance(item, dict):
        return Turn(role, content.read(item))
    if _is_message(item) and ("content" in item or "role" in item):
        return Turn(text_of(item.get("role")) or role, content.read(item.get("content")))
    parts = _parts(item)
    return Turn("tool" if parts and isinstance(parts[0], Result) else "assistant", parts)


def _parts(item: dict[str, Any]) -> list[Part]:
    kind = text_of(item.get("type"))
    if kind == "reasoning":
        return [_reasoning(item)]
    if kind == "mcp_list_tools":
        tools = [text_of(mapping(tool).get("name")) for tool in item.get("tools") or [] if mapping(tool)]
        return [Data(f"tools of {text_of(item.get('server_label')) or 'a server'}", tools)]
    return content.read(item)


def _reasoning(item: dict[str, Any]) -> Reasoning:
    told = [*content.read(item.get("summary")), *content.read(item.get("content"))]
    return Reasoning("\n\n".join(text for part in told if (text := text_of(getattr(part, "text", "")))))
