"""Uploads in a form (RFC 7578), as far as a record needs them: its fields, and its files.

Lenient, unlike the reader of the lane: nothing but what people look at depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_PARTS = 100
LONGEST_HEAD = 4096
LONGEST_VALUE = 16 * 1024

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;,]+))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"|[;\s]name=([^\s;"]+)', re.IGNORECASE)
_TYPE = re.compile(rb"(?:^|\n)content-type:\s*([^\s;]+)", re.IGNORECASE)
_FILE = re.compile(rb'filename="([^"]*)"|filename=([^\s;"]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form. `content_type` is what the client calls it."""

    filename: str
    content_type: str
    content: bytes


def read(content: bytes, content_type: str) -> dict[str, Any] | None:
    """`{"model": "whisper-1", "file": {"type": "file", "filename": "a.mp3"}}`; None for
    what is no form. Of several fields of one name it is a list.
    """
    boundary = boundary_of(content_type)
    if boundary is None:
        return None
    fields: dict[str, Any] = {}
    for head, value in _parts(content, boundary):
        name = _NAME.search(head)
        if name is not None:
            _add(fields, _text(name).removesuffix("[]"), _value(head, value))
    return fields


def uploads(content: bytes, content_type: str) -> list[Upload]:
    """Of what is no form there are none."""
    boundary = boundary_of(content_type)
    parts = _parts(content, boundary) if boundary is not None else ()
    return [Upload(_text(file), _type(head), value) for head, value in parts if (file := _FILE.search(head))]


def boundary_of(content_type: str) -> bytes | None:
    """With its two hyphens, as it stands between the parts; None for what is no form."""
    found = _BOUNDARY.search(content_type) if content_type.startswith("multipart/") else None
    return b"--" + (found[1] or found[2]).encode("utf-8", "replace") if found else None


def _parts(content: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Heads and values."""
    for part in content.split(boundary, MOST_PARTS)[1:]:
        head, blank, value = part.partition(b"\r\n\r\n")
        if blank and len(head) <= LONGEST_HEAD:
            yield head, value.removesuffix(b"\r\n")


def _type(head: bytes) -> str:
    found = _TYPE.search(head)
    return found[1].decode("utf-8", "replace").lower() if found else ""


def _add(fields: dict[str, Any], name: str, value: Any) -> None:
    if name not in fields:
        fields[name] = value
    elif type(fields[name]) is list:
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def _value(head: bytes, value: bytes) -> Any:
    file = _FILE.search(head)
    if file is not None:
        return {"type": "file", "filename": _text(file)}
    return value[:LONGEST_VALUE].decode("utf-8", "replace")


def _text(match: re.Match[bytes]) -> str:
    return (match[1] if match[1] is not None else match[2]).decode("utf-8", "replace")
