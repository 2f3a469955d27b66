"""What ties a record to others: session, end user, tags, trace, and the fingerprint of its prompt.

Our own headers first, then those of Helicone, Portkey and LiteLLM, then what OpenAI and Anthropic have for it
in the body: an application that was made for another gateway finds its sessions and users here too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import orjson

from logs_app.chatmembers import PROMPT_ROLES

MOST_TAGS = 32
LONGEST = 200

SESSION_HEADERS = (
    "x-relay-session",
    "helicone-session-id",
    "x-litellm-session-id",
    "x-session-id",
    "x-claude-code-session-id",
    "session_id",
)
USER_HEADERS = ("x-relay-user", "helicone-user-id", "x-litellm-end-user-id")
TRACE_HEADERS = ("x-portkey-trace-id", "x-litellm-trace-id")
REQUEST_HEADERS = ("x-request-id", "x-client-request-id", "helicone-request-id")
TAG_HEADERS = ("x-relay-tags", "x-litellm-tags")
PROPERTY = "helicone-property-"
PORTKEY = "x-portkey-metadata"
# Members of metadata that stand for something else than a tag.
_SESSION_KEYS = ("session_id", "_session")
_USER_KEYS = ("user_id", "trace_user_id", "_user")
_NO_TAGS = frozenset((*_SESSION_KEYS, *_USER_KEYS, "tags", "trace_id"))

# Where a body has its prompt, beside the turns of these roles.
PROMPT = ("system", "instructions", "tools", "functions")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

Headers = dict[str, str]


def client_request_id(headers: Headers) -> str:
    return _first(_headers(headers, REQUEST_HEADERS))


def session(headers: Headers, request: Any) -> str:
    return _first(_sessions(headers, request))


def _sessions(headers: Headers, request: Any) -> Iterator[Any]:
    """The last two are no sessions by name, but one for each conversation where they are used."""
    yield from _headers(headers, SESSION_HEADERS)
    yield from _members(_portkey(headers), _SESSION_KEYS)
    if type(request) is dict:
        yield from _members(request, ("session_id", "litellm_session_id"))
        yield from _members(_metadata(request), _SESSION_KEYS)
        conversation = request.get("conversation")
        yield conversation.get("id") if type(conversation) is dict else conversation
        yield request.get("prompt_cache_key")


def end_user(headers: Headers, request: Any) -> str:
    return _first(_users(headers, request))


def _users(headers: Headers, request: Any) -> Iterator[Any]:
    yield from _headers(headers, USER_HEADERS)
    yield from _members(_portkey(headers), _USER_KEYS)
    if type(request) is dict:
        yield from _members(request, ("user", "safety_identifier"))
        yield from _members(_metadata(request), _USER_KEYS)


def tags(headers: Headers, request: Any = None) -> list[str]:
    """`X-Relay-Tags: a, b` → ["a", "b"], each once; what has a name becomes "name=value"."""
    named = (tag.strip()[:LONGEST] for tag in _tags(headers, request))
    return list(dict.fromkeys(filter(None, named)))[:MOST_TAGS]


def _tags(headers: Headers, request: Any) -> Iterator[str]:
    for listed in _headers(headers, TAG_HEADERS):
        yield from (listed or "").split(",")
    for name, value in headers.items():
        if name.startswith(PROPERTY):
            yield f"{name.removeprefix(PROPERTY)}={value}"
    for metadata in (_portkey(headers), _metadata(request)):
        listed = metadata.get("tags")
        if type(listed) is list:
            yield from (tag for tag in listed if type(tag) is str)
        for name, value in metadata.items():
            if name not in _NO_TAGS and type(value) in (str, int, float, bool):
                yield f"{name}={str(value).lower() if type(value) is bool else value}"


def trace_id(headers: Headers) -> str:
    """W3C Trace Context, of which all zeros means none; else another gateway's id."""
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if match and match[1].strip("0"):
        return match[1]
    return _first(_headers(headers, TRACE_HEADERS))


def fingerprint(request: Any) -> str:
    """Tells versions of a prompt apart: of the system prompt and the tools, empty without either."""
    if type(request) is not dict:
        return ""
    parts = [request[name] for name in PROMPT if request.get(name)]
    if type(request.get("prompt")) is dict:  # a stored one of OpenAI's, by its id and version
        parts.append({name: request["prompt"].get(name) for name in ("id", "version")})
    for name in ("messages", "input"):
        turns = request.get(name)
        if type(turns) is list:
            parts += [
                turn.get("content")
                for turn in turns
                if type(turn) is dict and turn.get("role") in PROMPT_ROLES
            ]
    if not parts:
        return ""
    try:
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    except TypeError:  # nested beyond reason, lone surrogates
        return ""


def _headers(headers: Headers, names: tuple[str, ...]) -> Iterator[str | None]:
    return map(headers.get, names)


def _members(holder: dict[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    return map(holder.get, names)


def _first(candidates: Iterator[Any]) -> str:
    return next((value for value in candidates if type(value) is str and value), "")


def _metadata(request: Any) -> dict[str, Any]:
    """LiteLLM's is beside OpenAI's, where that one is the provider's."""
    if type(request) is not dict:
        return {}
    metadata, other = request.get("metadata"), request.get("litellm_metadata")
    known = metadata if type(metadata) is dict else {}
    return {**other, **known} if type(other) is dict else known


def _portkey(headers: Headers) -> dict[str, Any]:
    """`x-portkey-metadata: {"_user": "u", "env": "prod"}`"""
    written = headers.get(PORTKEY)
    if not written:
        return {}
    try:
        metadata = orjson.loads(written)
    except orjson.JSONDecodeError:
        return {}
    return metadata if type(metadata) is dict else {}
