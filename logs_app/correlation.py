"""What ties a record to others: session, end user, tags, trace, and the fingerprint of its prompt."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

MOST_TAGS = 32
LONGEST = 200

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_ROLES_OF_THE_PROMPT = ("system", "developer")


def as_uuid(id: bytes) -> str:
    text = id.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def end_user(headers: dict[str, str], request: Any) -> str:
    """The header first; OpenAI's `user` and its successor, then Anthropic's `metadata.user_id`."""
    named = headers.get("x-relay-user")
    if named or type(request) is not dict:
        return named or ""
    metadata = request.get("metadata")
    candidates = (
        request.get("user"),
        request.get("safety_identifier"),
        metadata.get("user_id") if type(metadata) is dict else None,
    )
    return next((value for value in candidates if type(value) is str and value), "")


def tags(headers: dict[str, str]) -> list[str]:
    """`X-Relay-Tags: a, b` → ["a", "b"], each once."""
    listed = headers.get("x-relay-tags")
    if not listed:
        return []
    named = (tag.strip()[:LONGEST] for tag in listed.split(","))
    return list(dict.fromkeys(filter(None, named)))[:MOST_TAGS]


def trace_id(headers: dict[str, str]) -> str:
    """W3C Trace Context; all zeros means none."""
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return match[1] if match and match[1].strip("0") else ""


def fingerprint(request: Any) -> str:
    """Tells versions of a prompt apart: of the system prompt and the tools, empty without either."""
    if type(request) is not dict:
        return ""
    parts = [request[name] for name in ("system", "instructions", "tools", "functions") if request.get(name)]
    for name in ("messages", "input"):
        turns = request.get(name)
        if type(turns) is list:
            parts += [
                turn.get("content")
                for turn in turns
                if type(turn) is dict and turn.get("role") in _ROLES_OF_THE_PROMPT
            ]
    if not parts:
        return ""
    try:
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    except TypeError:  # nested beyond reason, lone surrogates
        return ""
