"""Calls about what a provider keeps: a response to continue, a file, a batch, a conversation.

Each project (a key without one) has a home among the providers of a model, found by weighted rendezvous
hashing: all workers agree on it without a word, and when a provider joins or leaves, few projects move. What
was made elsewhere, because the home was ill, is remembered (`whereabouts`). Pure.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

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
# In JSON an unescaped quote ends a name, so that no text of a message can look like these.
_NAMED = re.compile(
    rb'"(?:previous_response_id|conversation|file_id|input_file_id|training_file|validation_file|container'
    rb'|container_id|vector_store_id|thread_id|assistant_id|batch_id)"\s*:\s*(?:\{\s*"id"\s*:\s*)?'
    rb'"([^"\\]{1,200})"'
)
_LISTED = re.compile(rb'"(?:vector_store_ids|file_ids)"\s*:\s*\[\s*"([^"\\]{1,200})"')
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
    if call.document is not None and call.body:
        found = [*_NAMED.findall(call.body), *_LISTED.findall(call.body)]
        ids += tuple(each.decode("utf-8", "replace") for each in found[:MOST_IDS])
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


@lru_cache(maxsize=65536)
def _unit(owner: str, provider_key: str) -> float:
    """Between 0 and 1, both exclusive."""
    digest = blake2b(f"{owner}\0{provider_key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / (_UNIT + 1)
