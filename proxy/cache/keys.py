"""Under which name an answer is kept: who shares it, and all that the question says. Pure.

The body counts as what it means, not as it is spelled: members in any order, spaces and escapes make no
difference. `stream` and `include_usage` are no part of it, since the same words are told either way; which of
the two a stored answer is, is looked at when one is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from ..headers import NOT_SENT, NOT_SENT_PREFIXES, RawHeaders

VERSION = 1  # of the key's making; an older cache is not read
_DIGEST_BYTES = 20
# Sorted and without spaces. Keys that are no text cannot come out of JSON.
_CANONICAL = orjson.OPT_SORT_KEYS
_LARGEST_INTEGER = 2**64
# Of the headers that go on to a provider, those that change nothing about its answer: they name the program,
# the trace, or how the answer is to be sent. Any other header of a POST is part of the question.
_MEANINGLESS = NOT_SENT | frozenset(
    b"accept accept-charset accept-encoding accept-language cache-control content-type content-encoding "
    b"date dnt from idempotency-key pragma priority user-agent x-requested-with http-referer x-title "
    b"if-match if-none-match if-modified-since if-unmodified-since if-range upgrade-insecure-requests "
    b"traceparent tracestate baggage sentry-trace b3 uber-trace-id x-request-id x-correlation-id "
    b"request-id x-trace-id x-client-request-id x-amzn-trace-id x-cloud-trace-context newrelic".split()
)
_MEANINGLESS_PREFIXES = (*NOT_SENT_PREFIXES, b"x-stainless-", b"sec-", b"x-b3-", b"x-datadog-")


class Key(NamedTuple):
    """`scope` is whose it is: a project, a key, or all that share. `resource` is what a GET reads."""

    scope: str
    digest: str
    resource: str = ""


def of(
    scope: str,
    target: Iterable[str],
    headers: RawHeaders,
    ignored_headers: tuple[str, ...],
    body: bytes,
    resource: str = "",
) -> Key:
    """`target` is method, path and whatever else is text. Nothing can be moved from one part into another."""
    said = [VERSION, scope, *target, *_meaningful(headers, ignored_headers)]
    digest = blake2b(orjson.dumps(said), digest_size=_DIGEST_BYTES)
    digest.update(b"\0")
    digest.update(body)
    return Key(scope, digest.hexdigest(), resource)


def resource(reach: str, path: str) -> str:
    """A path under /v1 as one of those sees it who hear of each other's changes (`planning.reaches_of`)."""
    said = orjson.dumps([VERSION, reach, path.rstrip("/")])
    return blake2b(said, digest_size=_DIGEST_BYTES).hexdigest()


def canonical(document: Mapping[str, Any], model: str | None, ignored: tuple[str, ...]) -> bytes | None:
    """The body's meaning in bytes; None where it has none that can be relied on."""
    meant = {name: value for name, value in document.items() if name not in ignored and name != "stream"}
    meant["model"] = model
    options = meant.get("stream_options")
    if isinstance(options, dict):
        options = {name: value for name, value in options.items() if name != "include_usage"}
    if not options:
        meant.pop("stream_options", None)
    else:
        meant["stream_options"] = options
    try:
        return orjson.dumps(meant, option=_CANONICAL)
    except TypeError:  # a lone surrogate
        return None


def is_exact(body: bytes) -> bool:
    """Whether every reader finds the same in this body. Of a name that stands twice some take the first and
    some the last: an answer to the one must not be kept as the answer to the other."""
    try:
        json.loads(
            body,
            object_pairs_hook=_unambiguous,
            parse_int=_exact_integer,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        return False
    return True


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _exact_integer(text: str) -> int:
    number = int(text) if len(text) <= 21 else _LARGEST_INTEGER
    if abs(number) >= _LARGEST_INTEGER:
        raise ValueError("an integer that readers round")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _meaningful(headers: RawHeaders, ignored: tuple[str, ...]) -> list[str]:
    found = []
    for name, value in headers:
        if name == b"accept" and b"event-stream" in value:
            found.append("accept:event-stream")
        elif not _is_meaningless(name) and (not ignored or name.decode("latin-1") not in ignored):
            found.append(f"{name.decode('latin-1')}:{value.decode('latin-1')}")
    return sorted(found) if len(found) > 1 else found


@lru_cache(maxsize=1024)
def _is_meaningless(name: bytes) -> bool:
    return name in _MEANINGLESS or name.startswith(_MEANINGLESS_PREFIXES)
