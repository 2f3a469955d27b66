"""The fields of a multipart form, for a rule to judge, and the place of one that a mapping changes. Else the
form is passed on as it came.

Two programs can read one form differently, and a rule must hold in both. So this takes the one way of
writing that clients use (RFC 7578) and refuses every other: text before the first part, a boundary inside a
part, folded or repeated headers, escaped names, encoded values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

MOST_PARTS = 1000
LONGEST_HEAD = 4096
KEPT_BYTES = 17 * 1024  # of each content; no value that a rule could allow is longer

# The others that ASCII is part of differ only in letters that no rule is about.
_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1"}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';,]*)""", re.IGNORECASE)
_BOUNDARY = re.compile(
    r"""(?i:multipart/form-data)(?:; *(?i:charset)=[\w"-]+)?; *(?i:boundary)="""
    r"""(?:"([0-9A-Za-z'()+_,./:=?-]{1,70})"|([0-9A-Za-z'+_.-]{1,70}))(?:; *(?i:charset)=[\w"-]+)?"""
)
_LINE = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([^\r\n\0]*)")
# No quote that is escaped, and no semicolon: not everybody reads on behind them.
_NAME = re.compile(
    rb"""(?i:form-data); *name=(?:"([^"\\;%]*)"|([^\s";\\%]+))"""
    rb"""(?:; *filename="(?:[^"\\;]|\\[^";])*")?(?:; *filename\*=[^\s;"]+)?"""
)
_PLAIN = {b"", b"binary", b"8bit", b"7bit"}

Field = tuple[str, bytes]


class Part(NamedTuple):
    name: str
    start: int  # of its content, in the body
    end: int


class Ambiguous(Exception):
    """Its words say why the form cannot be judged."""


def has_odd_charset(content_type: str) -> bool:
    """Whether ASCII letters may stand there as other bytes."""
    return any(name.lower() not in _CHARSETS for name in _CHARSET.findall(content_type))


def read(body: bytes, content_type: str) -> list[Field]:
    """Names and the beginnings of their contents in their order, files too. Raises Ambiguous."""
    return [
        (name, body[start : min(end, start + KEPT_BYTES)]) for name, start, end in _parts(body, content_type)
    ]


def find(body: bytes, content_type: str, name: str) -> Part | None:
    """The only part of this name; None when there is none, or when that is not beyond doubt."""
    with suppress(Ambiguous):
        found = [part for part in _parts(body, content_type) if part.name == name]
        return found[0] if len(found) == 1 else None
    return None


def value(body: bytes, content_type: str, name: str) -> str | None:
    """What stands in it, if that is a short text."""
    part = find(body, content_type, name)
    if part is None or part.end - part.start > KEPT_BYTES:
        return None
    with suppress(UnicodeDecodeError):
        return body[part.start : part.end].decode()
    return None


def _parts(body: bytes, content_type: str) -> list[Part]:
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise Ambiguous("its content type is not a plain 'multipart/form-data; boundary=…'")
    return list(_split(body, b"--" + (found[1] or found[2]).encode()))


def _split(body: bytes, mark: bytes) -> Iterator[Part]:
    if not body.startswith(mark):
        raise Ambiguous("it does not begin with its boundary")
    start, delimiter, count = len(mark), b"\r\n" + mark, 1
    while (end := body.find(delimiter, start)) >= 0:
        yield _part(body, start, end)
        start, count = end + len(delimiter), count + 1
        if count > MOST_PARTS:
            raise Ambiguous(f"it has more than {MOST_PARTS} parts")
    if body[start : start + 5] not in (b"--", b"--\r\n"):
        raise Ambiguous("it does not end with its boundary")
    if body.count(mark) != count:
        raise Ambiguous("its boundary stands inside a part")


def _part(body: bytes, start: int, end: int) -> Part:
    if not body.startswith(b"\r\n", start):
        raise Ambiguous("a line of its boundary goes on")
    head_end = body.find(b"\r\n\r\n", start + 2, min(start + LONGEST_HEAD, end))
    if head_end < 0:
        raise Ambiguous("a part has no head, or one that is too long")
    head = _head(body[start + 2 : head_end])
    if head.get(b"content-transfer-encoding", b"").lower() not in _PLAIN:
        raise Ambiguous("a part has a transfer encoding")
    if has_odd_charset(head.get(b"content-type", b"").decode("latin-1")):
        raise Ambiguous("a part is not in UTF-8")
    found = _NAME.fullmatch(head.get(b"content-disposition", b""))
    if found is None:
        raise Ambiguous("a part has no plain name")
    try:
        name = (found[1] or found[2] or b"").decode()
    except UnicodeDecodeError:
        raise Ambiguous("the name of a part is not UTF-8") from None
    return Part(name, head_end + 4, end)


def _head(block: bytes) -> dict[bytes, bytes]:
    head: dict[bytes, bytes] = {}
    for text in block.split(b"\r\n"):
        line = _LINE.fullmatch(text)
        if line is None or line[1].lower() in head:
            raise Ambiguous("the head of a part has a folded, repeated or broken line")
        head[line[1].lower()] = line[2].strip()
    return head
