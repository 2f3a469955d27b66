"""Strings that arrive in pieces: collected in lists, joined once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class Fragments(list[str]):
    """Marks a value of a half-built object that is still a list of string pieces."""

    __slots__ = ()


def join(pieces: list[str]) -> str:
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # An emoji whose two surrogates came in two deltas becomes one character again; a lone half stays.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


def append(target: dict[str, Any], key: str, text: str) -> None:
    held = target.get(key)
    if type(held) is Fragments:
        held.append(text)
    elif isinstance(held, str) and held:
        target[key] = Fragments((held, text))
    else:
        target[key] = Fragments((text,))


def merge(target: dict[str, Any], part: dict[str, Any], scalars: Collection[str] = ()) -> None:
    """Strings grow, except `scalars`, whose last non-empty value wins; of all else the last non-null wins."""
    for key, value in part.items():
        if value is None:
            target.setdefault(key)
        elif type(value) is not str:
            target[key] = value
        elif key not in scalars:
            append(target, key, value)
        elif value or target.get(key) is None:
            target[key] = value


def settle(target: dict[str, Any]) -> dict[str, Any]:
    return {key: join(value) if type(value) is Fragments else value for key, value in target.items()}
