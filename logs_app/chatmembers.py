"""What a chat's message has under several names: the role of a prompt, what was thought, what is called."""

from __future__ import annotations

from typing import Any

from logs_app.jsontext import glimpse

PROMPT_ROLES = ("system", "developer")
THOUGHTS = ("reasoning_content", "reasoning", "thinking")


def thought_of(message: dict[str, Any]) -> Any:
    """A text or a list of parts. One of these: OpenRouter and LiteLLM send the same words under two names."""
    said = (message.get(name) for name in THOUGHTS)
    return next((value for value in said if value and isinstance(value, str | list)), "")


def called(function: Any) -> tuple[str, str] | None:
    """The name of a tool, and what it is called with."""
    if not isinstance(function, dict) or not function.get("name"):
        return None
    given = function.get("arguments") or function.get("input") or ""
    return str(function["name"]), given if isinstance(given, str) else glimpse(given)
