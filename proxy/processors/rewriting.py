"""What the steps changed, put into the body without moving another byte."""

from __future__ import annotations

import json
from typing import Any

import orjson

from .. import jsonedit
from .step import Document

# JSON by the name of the member; None: it is gone.
Changes = dict[str, bytes | None]


def differences(before: Document, after: Document) -> Changes:
    """Raises TypeError or ValueError when `after` is not JSON."""
    changes: Changes = {name: None for name in before if name not in after}
    for name, value in after.items():
        if not isinstance(name, str):
            raise TypeError(f"a member's name is no text: {name!r}")
        if name not in before:
            changes[name] = encode(value)
        elif value is not before[name] and (encoded := encode(value)) != encode(before[name]):
            changes[name] = encoded
    return changes


def apply(body: bytes, changes: Changes) -> bytes:
    for name, value in changes.items():
        if value is not None:
            body = jsonedit.set_member(body, name, value)
        else:
            body = jsonedit.remove_member(body, name)
    return body


def encode(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # A lone surrogate from JavaScript, or an integer beyond 64 bits.
        return json.dumps(value, separators=(",", ":")).encode()
