"""Reading a call: its head at once, of its body as much as routing needs.

A JSON body is read whole (routing needs `model`, wherever in the object it stands) and parsed once;
what is forwarded are its bytes. Anything else, a file upload above all, travels in parts.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote

import orjson

from logs_app.jsontext import is_too_deep

from .. import errors
from ..headers import RawHeaders, first, is_plain
from . import multipart
from .endpoints import Endpoint, find

VERSION = "/v1"

_METHODS = frozenset(errors.ALLOWED_METHODS.split(", "))
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_WHOLE_BYTES = 64 * 1024
_TOO_DEEP = "it is nested too deeply"
_LENGTH_DIGITS = 18  # more is no length, and int() refuses thousands


class Source(Protocol):
    """Where the body comes from, in parts of at most 256 KB."""

    def parts(self) -> AsyncIterator[bytes]: ...


@dataclass(slots=True)
class Call:
    """What the client asked for. `rest` and `query` keep their percent-encoding.

    `path` is always one under /v1; `asked_path` is the client's, where a route's own prefix stood for /v1.
    """

    method: str
    path: str
    rest: str
    query: str
    headers: RawHeaders
    endpoint: Endpoint
    client_ip: str | None
    content_type: str = ""
    length: int | None = None  # of the body; None when it is chunked
    body: bytes | None = None
    upload: AsyncIterator[bytes] | None = None  # instead of `body`, when it travels in parts
    document: dict[str, Any] | None = None  # the parsed JSON object; for reading only
    model: str | None = None
    is_streaming: bool = False
    asked_path: str | None = None


def read_head(scope: Mapping[str, Any], prefix: str = VERSION) -> Call:
    """`prefix` is what stands in the place of /v1."""
    target, query = _target(scope, prefix)
    rest = target.removeprefix(prefix).removeprefix("/")
    if prefix != VERSION and (rest + "/").startswith("v1/"):
        rest = rest[len("v1/") :]  # the base URL of an SDK may end in /v1 all the same
    path = unquote(f"{VERSION}/{rest}" if rest else VERSION)
    headers = scope["headers"]
    client = scope.get("client")
    return Call(
        method=scope["method"],
        path=path,
        rest=rest,
        query=query,
        headers=headers,
        endpoint=find(path),
        client_ip=client[0] if client else None,
        content_type=first(headers, b"content-type").decode("latin-1"),
        length=_body_length(headers, scope["http_version"]),
        is_streaming="&stream=true" in f"&{query}",
        asked_path=None if prefix == VERSION else unquote(target),
    )


def _target(scope: Mapping[str, Any], prefix: str) -> tuple[str, str]:
    """Path and query, percent-encoded as they came. A raw `#` would pass for the start of a fragment."""
    path, query = (scope.get("raw_path") or b"").decode("latin-1"), scope["query_string"]
    # Unlike `/%761/models`, and what Django's test client gives, which has no raw path.
    if not (path + "/").startswith(prefix + "/"):
        path = quote(scope["path"])
    if isinstance(query, bytes):  # it gives text here
        query = query.decode("latin-1")
    return path.rstrip("/").replace("#", "%23"), query.replace("#", "%23")


def _body_length(headers: RawHeaders, http_version: str) -> int | None:
    length = first(headers, b"content-length")
    if length.isdigit() and len(length) <= _LENGTH_DIGITS:
        return int(length)
    is_chunked = first(headers, b"transfer-encoding") or not http_version.startswith("1")
    return None if is_chunked else 0


def check_head(call: Call, limit_bytes: int) -> None:
    """What can be refused before any of the body is taken."""
    if call.method not in _METHODS:
        raise errors.method_not_allowed(call.method)
    if call.endpoint.methods and call.method not in call.endpoint.methods:
        raise errors.method_not_allowed(call.method, ", ".join(sorted(call.endpoint.methods)))
    if ".." in call.path.split("/"):
        raise errors.bad_path()
    if call.length is not None and call.length > limit_bytes:
        raise errors.body_too_large(limit_bytes)


async def read_body(
    call: Call, source: Source, limit_bytes: int, hold: Callable[[int], None], *, whole: bool = False
) -> None:
    """Fills `body` (and `document`, `model`, `is_streaming`) or `upload`; `hold` counts bytes in memory.

    `whole`: never in parts, because all of it must be judged first.
    """
    parts = _bounded(source.parts(), limit_bytes)
    is_json = call.method not in _BODILESS and _is_json(call)
    is_small = call.length is not None and call.length <= _WHOLE_BYTES
    if not (is_json or is_small or whole):
        call.upload = parts
        return
    collected = []
    async for part in parts:
        hold(len(part))
        collected.append(part)
    call.body = b"".join(collected)
    if is_json:
        _read_document(call)
    elif whole and call.content_type.startswith("multipart/"):
        call.model = multipart.value(call.body, call.content_type, "model") or None


def _is_json(call: Call) -> bool:
    """Whether the body is to be read as JSON. Encoded bodies are forwarded unread."""
    takes_json = call.endpoint.takes_json and call.method == "POST"
    if not is_plain(call.headers):
        return False
    media_type = call.content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return True
    if takes_json:
        raise errors.wrong_content_type(call.content_type)
    return False


def _read_document(call: Call) -> None:
    body = call.body or b""
    try:
        document = parse(body)
    except ValueError as error:
        if not (call.endpoint.takes_json and call.method == "POST"):
            return  # unknown to us: the provider judges
        raise errors.bad_json(str(error)) if body.strip() else errors.missing_body() from error
    if not isinstance(document, dict):
        if call.endpoint.takes_json and call.method == "POST":
            raise errors.missing_body()
        return
    call.document = document
    call.is_streaming = document.get("stream") is True
    model = document.get("model")
    # A lone surrogate is legal in JSON and cannot be written as UTF-8 anywhere after this.
    call.model = model.encode("utf-8", "replace").decode() if isinstance(model, str) and model else None


def parse(body: bytes) -> Any:
    """JSON as the body of a client has it. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # orjson is stricter than providers are: NaN, numbers of any size, lone surrogates from JavaScript, a BOM.
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_int=float)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    if is_too_deep(document):
        raise ValueError(_TOO_DEEP)
    return document


async def _bounded(parts: AsyncIterator[bytes], limit_bytes: int) -> AsyncIterator[bytes]:
    taken = 0
    async for part in parts:
        taken += len(part)
        if taken > limit_bytes:
            raise errors.body_too_large(limit_bytes)
        yield part
