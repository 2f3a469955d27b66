"""Calls about what a provider keeps: a response to continue, a file, a batch, a conversation.

Each project (a key without one) has a home among the providers of a model, found by weighted rendezvous
hashing: all workers agree on it without a word, and when a provider joins or leaves, few projects move. What
was made elsewhere, because the home was ill, is remembered (`whereabouts`). Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from ..configuration.configuration import Key
from ..request.parsing import Call
from .catalogue import Candidate

MOST_IDS = 20
# Under /v1, what its provider keeps. Any response may be continued, so all of them are made at home.
_KEPT = frozenset(
    {
        "assistants",
        "batches",
        "containers",
        "conversations",
        "evals",
        "files",
        "fine_tuning",
        "responses",
        "skills",
        "threads",
        "uploads",
        "vector_stores",
        "videos",
    }
)
_NO_IDS = frozenset({"input_tokens", "compact"})
# Members whose value is an id, or an object with one, and those that list some.
_NAMES = frozenset(
    {
        "assistant_id",
        "batch_id",
        "container",
        "container_id",
        "conversation",
        "file_id",
        "input_file_id",
        "previous_response_id",
        "thread_id",
        "training_file",
        "validation_file",
        "vector_store_id",
    }
)
_LISTS = frozenset({"file_ids", "vector_store_ids"})
# What clients and models write in these is theirs, whatever it is called.
_FREE = frozenset({"arguments", "input_schema", "metadata", "parameters", "schema"})
# Most bodies have none, and are looked through no further. An unescaped quote ends a name, so that no text of
# a message can look like one.
_ANY = re.compile(b'"(?:' + "|".join(sorted(_NAMES | _LISTS)).encode() + rb')"\s*:')
_LONGEST_ID = 200
_FIRST_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,200})"')
_UNIT = 2.0**64


class Tie(NamedTuple):
    """What a call has to do with what providers keep."""

    ids: tuple[str, ...] = ()  # what it names
    makes: bool = False  # it makes something new


def tie_of(call: Call) -> Tie | None:
    """None: any provider will do."""
    segments = call.path.split("/")[2:]
    kind = segments[0] if segments else ""
    ids = _in_path(segments)
    if call.document is not None and call.body and _ANY.search(call.body):
        ids += tuple(islice(_in_body(call.document), MOST_IDS))
    is_kept = _is_kept(segments)
    is_stored = kind == "chat" and (call.method == "GET" or (call.document or {}).get("store") is True)
    if not (ids or is_kept or is_stored):
        return None
    return Tie(ids, makes=call.method == "POST" and (is_kept or is_stored))


def is_kept(path: str) -> bool:
    """Whether a GET of this path reads what a provider keeps."""
    segments = path.split("/")[2:]
    return segments[:1] == ["chat"] or _is_kept(segments)


def at_home(candidates: tuple[Candidate, ...], owner: str) -> tuple[Candidate, ...]:
    """The home of this owner first, then where he would be at home without it."""

    def rank(candidate: Candidate) -> tuple[int, float]:
        provider = candidate.provider
        return provider.priority, -provider.weight / -math.log(_unit(owner, provider.provider_key))

    return tuple(sorted(candidates, key=rank))


def owner_of(key: Key | None) -> str:
    if key is None:
        return ""
    return f"project:{key.project.id}" if key.project else f"{key.kind}:{key.id}"


def id_in(start: bytes) -> str | None:
    """Of what was made, from the first bytes of the answer."""
    found = _FIRST_ID.search(start)
    return found[1].decode("utf-8", "replace") if found else None


def _is_kept(segments: list[str]) -> bool:
    return bool(segments) and (segments[0] in _KEPT or segments[:2] == ["messages", "batches"])


def _in_path(segments: list[str]) -> tuple[str, ...]:
    """`files/{id}/content`, `fine_tuning/jobs/{id}`, `chat/completions/{id}`, `messages/batches/{id}`."""
    place = 2 if segments[:1] in (["fine_tuning"], ["chat"], ["messages"]) else 1
    is_kept = segments[:1] != ["messages"] or segments[1:2] == ["batches"]
    if not is_kept or segments[0] not in _KEPT | {"chat", "messages"} or len(segments) <= place:
        return ()
    return () if segments[place] in _NO_IDS or not segments[place] else (segments[place],)


def _in_body(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += (each for each in reversed(value) if isinstance(each, dict | list))
        else:
            for name, member in value.items():
                yield from _ids(name, member)
            waiting += [each for name, each in value.items() if _may_hold_ids(name, each, value)]


def _ids(name: str, member: Any) -> Iterator[str]:
    if name in _NAMES:
        named = [member.get("id") if isinstance(member, dict) else member]
    elif name in _LISTS and isinstance(member, list):
        named = member
    else:
        return
    yield from (id for id in named if isinstance(id, str) and 0 < len(id) <= _LONGEST_ID)


def _may_hold_ids(name: str, member: Any, beside: dict[str, Any]) -> bool:
    """A model that uses a tool (`tool_use`, `server_tool_use`, `mcp_tool_use`) fills its input in."""
    is_free = name in _FREE or name == "input" and str(beside.get("type")).endswith("tool_use")
    return isinstance(member, dict | list) and not is_free


@lru_cache(maxsize=65536)
def _unit(owner: str, provider_key: str) -> float:
    """Between 0 and 1, both exclusive."""
    digest = blake2b(f"{owner}\0{provider_key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / (_UNIT + 1)
