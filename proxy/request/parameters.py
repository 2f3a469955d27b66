"""What a call asks for, by name, in whatever form it says it: a JSON body, a form, the query.

Only rules read this, so it sides with whichever reader there could be: repeats of a name all count, and so
do its other cases (Go's encoding/json takes "Model" for "model"). What could be read in two ways, or not at
all, is Unreadable, and the call is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from .. import decoding
from . import multipart
from .parsing import Call

Path = tuple[str, ...]
Ways = tuple[str, ...]  # in which one value may be written; none when it cannot be compared
NO_WAY: Ways = ()

MOST_FIELDS = 10_000
# Nobody else is served while a body is looked through: this much takes a third of a second.
MOST_OBJECTS = 50_000
MOST_COMMAS = 400_000
LONGEST_TEXT = 4096
LARGEST_EXPONENT = 400  # of a double, and of what we write out
_MARKS = re.compile(r"[\[\].]+")


class Unreadable(Exception):
    """Its words say why, after "the relay cannot read"."""


class Number(str):
    """With a fraction or an exponent, as it is written."""


class Members:
    """Of a JSON object, repeats included."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


@dataclass(slots=True)
class Parameters:
    documents: list[Any] = field(default_factory=list)
    fields: list[tuple[Path, str]] = field(default_factory=list)
    has_body: bool = False

    def values(self, path: Path) -> Iterator[Ways]:
        """Every value at this place. Null counts as absent; of a list each element stands there."""
        for document in self.documents:
            yield from map(_ways, nodes(document, path))
        for name, text in self.fields:
            if name[: len(path)] == path:
                yield (text,) if name == path and len(text) <= LONGEST_TEXT else NO_WAY
            elif name and path[: len(name)] == name and text.lstrip()[:1] in ("{", "["):
                yield from _in_text(text, path[len(name) :])


def path_of(name: str) -> Path:
    """Of `response_format.type`, and of a form's `response_format[type]` and `include[]`."""
    return tuple(p for p in _MARKS.split(folded(name.strip())) if p and not p.isdecimal())


def folded(name: str) -> str:
    """As whoever ignores case compares it, and whoever lets a text end at its first NUL."""
    return name.partition("\0")[0].casefold()


def has_plain_head(call: Call) -> bool:
    """Whether the body is to everybody what it looks like."""
    types = 0
    for name, value in call.headers:
        if name == b"content-encoding":
            return False
        types += name == b"content-type"
        if name == b"content-type" and multipart.has_odd_charset(value.decode("latin-1")):
            return False
    return types <= 1


def read(call: Call, limit_bytes: int) -> Parameters:
    """Raises Unreadable."""
    found = Parameters(fields=_form(call.query))
    content_type = _only(call, b"content-type").decode("latin-1")
    try:
        body = decoding.decode(call.body or b"", _only(call, b"content-encoding"), limit_bytes)
    except decoding.Undecodable as error:
        raise Unreadable(f"the body: it {error}") from error
    if multipart.has_odd_charset(content_type):
        raise Unreadable("the body: its charset is not UTF-8")
    if body.strip():
        found.has_body = True
        _read_body(found, body, content_type)
    return found


def parse(text: bytes | str) -> Any:
    """JSON, with all members and numbers as they are written. Raises Unreadable."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        if text.count("{") > MOST_OBJECTS or text.count(",") > MOST_COMMAS:
            raise Unreadable("the body: there is too much in it to look through")
        return json.loads(text, object_pairs_hook=Members, parse_float=Number, parse_constant=Number)
    except UnicodeDecodeError:
        raise Unreadable("the body: it is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the body: it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"the body: it is not valid JSON ({error})") from None


def _read_body(found: Parameters, body: bytes, content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        try:
            fields = multipart.read(body, content_type)
        except multipart.Ambiguous as error:
            raise Unreadable(f"the form: {error}") from error
        found.fields += [(path_of(name), content.decode("utf-8", "replace")) for name, content in fields]
    elif media_type == "application/x-www-form-urlencoded":
        found.fields += _form(body.decode("latin-1"))
    else:
        found.documents.append(parse(body))


def _only(call: Call, name: bytes) -> bytes:
    values = [value for header, value in call.headers if header == name]
    if len(values) > 1:
        raise Unreadable(f"the body: it has {len(values)} {name.decode()} headers")
    return values[0] if values else b""


def _form(text: str) -> list[tuple[Path, str]]:
    """Fields end at `&`, and for some readers at `;` too."""
    if ";" in text:
        text += "&" + text.replace(";", "&")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unreadable(f"the form: it has more than {MOST_FIELDS} fields") from None
    return [(path_of(name), value) for name, value in pairs]


def _in_text(text: str, path: Path) -> Iterator[Ways]:
    """A form's field that holds JSON."""
    try:
        yield from map(_ways, nodes(parse(text), path))
    except Unreadable:
        yield NO_WAY


def nodes(document: Any, path: Path) -> Iterator[Any]:
    """All that stands at a place, but for null."""
    pending = [(document, path)]
    while pending:
        node, rest = pending.pop()
        if isinstance(node, list):
            pending += [(element, rest) for element in node]
        elif not rest:
            if node is not None:
                yield node
        elif isinstance(node, Members):
            pending += [(value, rest[1:]) for name, value in node.pairs if folded(name) == rest[0]]


def _ways(node: Any) -> Ways:
    if isinstance(node, Members):
        return NO_WAY
    if isinstance(node, Number):
        return _ways_of_number(node)
    if isinstance(node, str):
        return (node,) if len(node) <= LONGEST_TEXT else NO_WAY
    return (json.dumps(node),)


def _ways_of_number(number: Number) -> Ways:
    """`0.70` is also `0.7`. An exponent is written out, or `0*` would let `0.5e3` through."""
    text = str(number)
    if "e" in text or "E" in text:
        try:
            value = Decimal(text)
        except InvalidOperation:
            return NO_WAY
        if abs(value.adjusted()) > LARGEST_EXPONENT:
            return NO_WAY
        text = format(value, "f")
    if "." not in text:
        return (text,)
    return text, text.rstrip("0").rstrip(".")
