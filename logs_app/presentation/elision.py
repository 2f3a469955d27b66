"""What is too long to look at, left out of a view: vectors, and files in base64. Records keep all of it."""

from __future__ import annotations

from itertools import islice
from typing import Any

SHOWN_NUMBERS, MOST_NUMBERS = 4, 32
SHOWN_CHARACTERS, MOST_CHARACTERS = 64, 1024
# Members that hold encoded files; any text may be a data URL.
ENCODED = frozenset(
    {"audio", "b64_json", "base64", "data", "embedding", "file_data", "partial_image_b64", "result"}
)
DEPTH = 64


def elided(value: Any, name: str = "", depth: int = DEPTH) -> Any:
    """The same object where nothing was too long."""
    if type(value) is str:
        return _text(value, name)
    if not depth:
        return value
    if type(value) is dict:
        new = {key: elided(item, key, depth - 1) for key, item in value.items()}
        return new if any(new[key] is not item for key, item in value.items()) else value
    if type(value) is list:
        return _list(value, name, depth)
    return value


def _list(values: list[Any], name: str, depth: int) -> list[Any]:
    if len(values) > MOST_NUMBERS and all(type(value) in (int, float) for value in values):
        return [*values[:SHOWN_NUMBERS], f"… {len(values) - SHOWN_NUMBERS} more numbers"]
    new = [elided(value, name, depth - 1) for value in values]
    return new if any(a is not b for a, b in zip(new, values, strict=True)) else values


def _text(text: str, name: str) -> str:
    is_file = name in ENCODED and _looks_encoded(text) or text.startswith("data:")
    if not is_file or len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}… {len(text) - SHOWN_CHARACTERS} more characters"


def _looks_encoded(text: str) -> bool:
    """A sentence has a space soon."""
    return not any(character.isspace() for character in islice(text, MOST_CHARACTERS))
