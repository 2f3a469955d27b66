"""Stored payloads as people and scripts read them: an object when JSON, text when text, else base64."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import orjson

from accounts import money
from logs_app import payloads
from logs_app.jsontext import loads_exactly
from logs_app.models import LogPayload

_TEXTUAL = (
    "text/",
    "application/json",
    "application/x-ndjson",
    "application/xml",
    "application/x-www-form-urlencoded",
)

Cut = dict[str, Any] | None


def headers(stored: Any) -> dict[str, str]:
    """Values of a repeated header are joined, as RFC 9110 section 5.3 allows."""
    shown: dict[str, str] = {}
    for name, value in payloads.unpack_json(stored) or ():
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def request_body(payload: LogPayload) -> Any:
    return body(payloads.unpack(payload.request_body), payload.request_content_type, payload.request_cut)


def response_body(payload: LogPayload) -> Any:
    """Of a stream the object put together from it, which is never cut."""
    content = payloads.unpack(payload.response_body)
    if payload.response_raw is not None:
        return body(content, "application/json", None)
    return body(content, payload.response_content_type, payload.response_cut)


def response_raw(payload: LogPayload) -> str | None:
    """As sent; None when it is no text."""
    stored = payload.response_raw if payload.response_raw is not None else payload.response_body
    content = payloads.unpack(stored)
    if payload.response_cut:
        head = payload.response_cut["head"]
        return (
            f"{_ends(content[:head])}\n…\n{_ends(content[head:])}"
            if _is_textual(payload.response_content_type)
            else None
        )
    return _text(content) if content else None


def body(content: bytes, content_type: str, cut: Cut) -> Any:
    if cut:
        return _cut_body(content, content_type, cut)
    if not content:
        return None
    parsed = _json(content, content_type)
    if parsed is not None:
        return parsed
    text = _text(content)
    return text if text is not None else _base64(content, content_type)


def cost(nanos: int | None) -> str | None:
    """Dollars as a decimal string, without an exponent."""
    return None if nanos is None else f"{Decimal(nanos).scaleb(-money.PLACES):f}"


def _json(content: bytes, content_type: str) -> Any:
    """Only what every reader takes: NaN or a lone surrogate would make the whole record unreadable."""
    if content.lstrip()[:1] not in (b"{", b"[") and "json" not in content_type:
        return None
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return loads_exactly(content)


def _text(content: bytes) -> str | None:
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None


def _base64(content: bytes, content_type: str) -> dict[str, str]:
    return {"base64": base64.b64encode(content).decode(), "content_type": content_type}


def _cut_body(content: bytes, content_type: str, cut: dict[str, Any]) -> dict[str, Any]:
    first, last = content[: cut["head"]], content[cut["head"] :]
    show = _ends if _is_textual(content_type) else lambda end: base64.b64encode(end).decode()
    return {
        "truncated": True,
        "size": cut["size"],
        "sha256": cut["sha256"],
        "content_type": content_type,
        "encoding": "text" if _is_textual(content_type) else "base64",
        "first": show(first),
        "last": show(last),
    }


def _is_textual(content_type: str) -> bool:
    return content_type.startswith(_TEXTUAL) or "+json" in content_type


def _ends(end: bytes) -> str:
    """The cut may lie within a character."""
    return end.decode("utf-8", "replace")
