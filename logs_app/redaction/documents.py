"""Bodies as bytes: JSON, lines of JSON, forms, uploads, plain text. What is no text is left as it is.

Bytes that are no UTF-8 travel through a text and back unharmed (surrogateescape).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from logs_app import multipart
from logs_app.jsontext import dumps, loads_exactly

from .redactor import Redactor

MEDIA = ("image/", "audio/", "video/", "font/")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# At the place where a body was cut half of a secret may stand: this much goes, and the rest of the word.
CUT_CHARACTERS, LONGEST_WORD = 64, 512
WORD_END = re.compile(r"[\s\"'<>,;]")


def document(redactor: Redactor, content: bytes, content_type: str = "") -> bytes:
    """The very same bytes where there is nothing to replace."""
    if content_type.startswith(MEDIA) or not content:
        return content
    if content_type.startswith("multipart/"):
        return _multipart(redactor, content, content_type)
    if content_type.startswith("application/x-www-form-urlencoded"):
        return _as_text(content, lambda text: query(redactor, text))
    if content.lstrip()[:1] in (b"{", b"["):
        redacted = _json(redactor, content)
        return redacted if redacted is not None else _lines(redactor, content)
    return content if b"\0" in content else _as_text(content, redactor.text)


def ends(redactor: Redactor, content: bytes, head: int, content_type: str) -> tuple[bytes, int]:
    """Of a body of which only both ends are kept: what is left of them, and the length of the first."""
    if content_type.startswith(MEDIA) or b"\0" in content:
        return content, head
    first = _as_text(content[:head], lambda text: redactor.text(_unescaped(_without_end(text))))
    last = _as_text(content[head:], lambda text: redactor.text(_unescaped(_without_start(text))))
    return first + last, len(first)


def query(redactor: Redactor, text: str) -> str:
    """name=value&…, percent-encoded."""
    return "&".join(_pair(redactor, pair) for pair in text.split("&")) if text else text


def path(redactor: Redactor, text: str) -> str:
    plain = unquote(text) if "%" in text else text
    redacted = redactor.text(plain)
    return text if redacted is plain else redacted


def _pair(redactor: Redactor, pair: str) -> str:
    name, separator, value = pair.partition("=")
    plain = unquote_plus(value) if separator else unquote_plus(name)
    redacted = redactor.text(plain, unquote_plus(name) if separator else "")
    if redacted is plain:
        return pair
    return f"{name}{separator}{quote(redacted, safe='[]')}" if separator else quote(redacted, safe="[]")


def _json(redactor: Redactor, content: bytes) -> bytes | None:
    """None when it is none."""
    try:
        parsed: Any = loads_exactly(content)
    except ValueError:
        return None
    redacted, is_changed = redactor.body(parsed)
    return dumps(redacted) if is_changed else content


def _lines(redactor: Redactor, content: bytes) -> bytes:
    """Lines of JSON, such as a batch's; a line that is none is text."""
    lines = content.split(b"\n")
    redacted = [_line(redactor, line) for line in lines]
    return content if redacted == lines else b"\n".join(redacted)


def _line(redactor: Redactor, line: bytes) -> bytes:
    if line[:1] in (b"{", b"[") and (redacted := _json(redactor, line)) is not None:
        return redacted
    return line if b"\0" in line else _as_text(line, redactor.text)


def _multipart(redactor: Redactor, content: bytes, content_type: str) -> bytes:
    boundary = multipart.boundary_of(content_type)
    if boundary is None:
        return _as_text(content, redactor.text)
    parts = content.split(boundary)
    redacted = [_part(redactor, part) for part in parts]
    return content if redacted == parts else boundary.join(redacted)


def _part(redactor: Redactor, part: bytes) -> bytes:
    head, separator, body = part.partition(b"\r\n\r\n")
    head = _as_text(head, redactor.text)
    if separator and b"\0" not in body:
        end = b"\r\n" if body.endswith(b"\r\n") else b""
        body = document(redactor, body.removesuffix(b"\r\n")) + end
    return head + separator + body


def _as_text(content: bytes, change: Callable[[str], str]) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    changed = change(text)
    return content if changed is text else changed.encode("utf-8", "surrogateescape")


def _unescaped(text: str) -> str:
    """What JSON spells as \\u0040: in a piece of JSON nothing else would undo it."""
    return ESCAPED.sub(_character, text) if "\\u" in text else text


def _character(escaped: re.Match[str]) -> str:
    number = int(escaped[1], 16)
    is_plain = number >= 0x20 and number not in (0x22, 0x5C) and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_plain else escaped[0]


def _without_end(text: str) -> str:
    return _without_start(text[::-1])[::-1]


def _without_start(text: str) -> str:
    found = WORD_END.search(text, CUT_CHARACTERS, CUT_CHARACTERS + LONGEST_WORD)
    return text[found.start() if found else CUT_CHARACTERS :]
