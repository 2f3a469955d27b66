"""The letters of a part: what is copied, counted and cut. JSON is written so that people can read it."""

from __future__ import annotations

import json
from typing import Any

from logs_app.presentation import elision

from .turns import Call, Data, Media, Part, Result, Text


def of(part: Part) -> str:
    match part:
        case Call():
            return pretty(part.arguments)
        case Data():
            return pretty(part.value)
        case Media():
            return part.transcript
        case Result():
            return ""
        case Text(is_written=False):
            return pretty(part.text)
    return part.text


def pretty(value: Any) -> str:
    """A text that is an object of JSON is written like one."""
    if isinstance(value, str):
        parsed = _parsed(value)
        if parsed is None:
            return value
        value = parsed
    try:
        return json.dumps(elision.elided(value), indent=2, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return None
