"""Uploads in a form (RFC 7578), as far as a record needs them: its fields, and the names of its files.

Lenient, unlike the reader of the lane: nothing but previews depends on it.
"""

from __future__ import annotations

import re
from typing import Any

MOST_PARTS = 100
LONGEST_HEAD = 4096
LONGEST_VALUE = 16 * 1024

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;,]+))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"|[;\s]name=([^\s;"]+)', re.IGNORECASE)
_FILE = re.compile(rb'filename="([^"]*)"|filename=([^\s;"]+)', re.IGNORECASE)


def read(content: bytes, content_type: str) -> dict[str, Any] | None:
    """`{"model": "whisper-1", "file": {"type": "file", "filename": "a.mp3"}}`; None for
    what is no form. Of several fields of one name it is a list.
    """
    found = _BOUNDARY.search(content_type) if content_type.startswith("multipart/") else None
    if found is None:
        return None
    fields: dict[str, Any] = {}
    mark = b"--" + (found[1] or found[2]).encode("utf-8", "replace")
    for part in content.split(mark, MOST_PARTS)[1:]:
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head) if blank and len(head) <= LONGEST_HEAD else None
        if name is not None:
            _add(fields, _text(name).removesuffix("[]"), _value(head, value.removesuffix(b"\r\n")))
    return fields


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
