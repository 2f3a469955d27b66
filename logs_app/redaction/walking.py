"""Through a JSON value: its texts, the names of its members, and the JSON that stands in a text.

What is without secrets is not copied: `walk` gives the very object back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from logs_app.jsontext import dumps, loads_exactly

from . import media

if TYPE_CHECKING:
    from .redactor import Redactor

DEEPEST = 100
TOO_DEEP = "[TOO_DEEP]"
# A card or an identity number that is written as a number; smaller ones only under a name that says so.
SMALLEST_NUMBER = 10**13
LONGEST_NUMBER = 40
LONGEST_NAME = 64
SECRET_NAMES = re.compile(
    r"(?:.*[_-])?(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|"
    r"private[_-]?key|密码|口令)",
    re.IGNORECASE,
)
NUMBER_NAMES = re.compile(
    r"phone|mobile|\btel|telephone|cell|fax|whatsapp|ssn|social|card|iban|account|id_?n|电话|手机|身份证|卡号|号码",
    re.IGNORECASE,
)
# They spell the answer once more, token by token.
SPELLED = frozenset({"logprobs", "token_ids", "prompt_logprobs", "prompt_token_ids"})


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    return SECRET_NAMES.fullmatch(name[:LONGEST_NAME]) is not None


@lru_cache(maxsize=4096)
def is_number_name(name: str) -> bool:
    return NUMBER_NAMES.search(name[:LONGEST_NAME]) is not None


def walk(redactor: Redactor, value: Any, name: str = "", depth: int = 0) -> Any:
    kind = type(value)
    if kind is str:
        return _text(redactor, value, name, depth)
    if kind is dict:
        return _members(redactor, value, depth) if depth < DEEPEST else TOO_DEEP
    if kind is list:
        return _items(redactor, value, name, depth) if depth < DEEPEST else TOO_DEEP
    if kind is int:
        return _number(redactor, value, name)
    return value


def _text(redactor: Redactor, text: str, name: str, depth: int) -> Any:
    if len(text) < 4:
        return text
    if media.is_opaque(text):
        return media.replaced(redactor, text)
    if text[0] in "{[" and depth < DEEPEST:
        inner = _parsed(text)
        if type(inner) in (dict, list):
            redacted = walk(redactor, inner, name, depth + 1)
            return text if redacted is inner else dumps(redacted).decode()
    return redactor.text(text, name)


def _members(redactor: Redactor, members: dict[str, Any], depth: int) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, value in members.items():
        redacted = walk(redactor, value, name, depth + 1)
        if redacted is not value:
            changed[name] = redacted
        if len(name) > 5 and (shown := redactor.text(name)) is not name:
            names[name] = shown
    if not SPELLED.isdisjoint(members):
        changed |= _unspelled(redactor, members, bool(changed))
    if not changed and not names:
        return members
    return {names.get(name, name): changed.get(name, value) for name, value in members.items()}


def _items(redactor: Redactor, items: list[Any], name: str, depth: int) -> list[Any]:
    if set(map(type, items)) == {float}:
        return items  # an embedding
    redacted = [walk(redactor, item, name, depth + 1) for item in items]
    is_same = all(map(_is, items, redacted))
    joined = _joined(redactor, items if is_same else redacted)
    return joined if joined is not None else items if is_same else redacted


def _is(one: Any, other: Any) -> bool:
    return one is other


def _number(redactor: Redactor, number: int, name: str) -> Any:
    if number < SMALLEST_NUMBER and not (number > 10**6 and is_number_name(name)):
        return number
    text = str(number)
    redacted = redactor.text(text, name)
    return number if redacted is text else redacted


def _unspelled(redactor: Redactor, members: dict[str, Any], has_changed: bool) -> dict[str, Any]:
    """Without the answer's tokens where the answer has a secret, or they have one."""
    found: dict[str, None] = {}
    for name in SPELLED.intersection(members):
        tokens = members[name]
        if tokens and (has_changed or redactor.spans("".join(_tokens(tokens)))):
            found[name] = None
    return found


def _tokens(value: Any) -> list[str]:
    if type(value) is dict:
        listed = value.get("tokens") or value.get("content") or value.get("refusal")
        return _tokens(listed)
    if type(value) is not list:
        return []
    texts = [item.get("token") if type(item) is dict else item for item in value]
    return [text for text in texts if type(text) is str]


def _joined(redactor: Redactor, parts: list[Any]) -> list[Any] | None:
    """Text parts that show only together what none of them shows; None where there is nothing such."""
    texts = [part.get("text") if type(part) is dict else None for part in parts]
    if len(parts) < 2 or sum(type(text) is str for text in texts) < 2:
        return None
    whole = "".join(text if type(text) is str else "\0" for text in texts)
    spans = redactor.spans(whole)
    if not spans:
        return None
    place, result = 0, []
    for part, text in zip(parts, texts, strict=True):
        end = place + (len(text) if type(text) is str else 1)
        result.append(
            part | {"text": _piece(redactor, whole, place, end, spans)} if type(text) is str else part
        )
        place = end
    return result


def _piece(redactor: Redactor, whole: str, start: int, end: int, spans: list[Any]) -> str:
    """The part of the whole between two places: a label stands where its value began."""
    pieces, place = [], start
    for span in spans:
        if span.end <= start or span.start >= end:
            continue
        pieces.append(whole[place : max(place, span.start)])
        if span.start >= start:
            pieces.append(redactor.label(span.kind, whole[span.start : span.end]))
        place = min(span.end, end)
    pieces.append(whole[place:end])
    return "".join(pieces)


def _parsed(text: str) -> Any:
    try:
        return loads_exactly(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None
