"""Patterns of models, values and origins: `*` stands for any run of characters, all else for itself.

Case counts. Matching takes time in proportion to the text, however many stars there are: the pieces between
them are looked for from left to right, and the first place found is always good enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

Patterns = tuple[str, ...]
EVERYTHING = "*"


def limits(patterns: Patterns) -> bool:
    """Whether a list of allowed ones forbids anything: an empty one does not."""
    return bool(patterns) and EVERYTHING not in patterns


def matches(patterns: Patterns, text: str) -> bool:
    compiled = _compile(patterns)
    return text in compiled.exact or any(glob.matches(text) for glob in compiled.globs)


def begins(segments: list[str], allowed: list[str]) -> bool:
    """Of paths in segments: `models` allows models/gpt-4o, and not modelsXYZ."""
    if len(segments) < len(allowed):
        return False
    return all(matches((segment,), segments[at]) for at, segment in enumerate(allowed))


@dataclass(frozen=True, slots=True)
class _Glob:
    start: str
    middle: tuple[str, ...]
    end: str

    def matches(self, text: str) -> bool:
        position, last = len(self.start), len(text) - len(self.end)
        if position > last or not (text.startswith(self.start) and text.endswith(self.end)):
            return False
        for piece in self.middle:
            found = text.find(piece, position, last)
            if found < 0:
                return False
            position = found + len(piece)
        return True


@dataclass(frozen=True, slots=True)
class _Compiled:
    exact: frozenset[str]
    globs: tuple[_Glob, ...]


@lru_cache(maxsize=4096)
def _compile(patterns: Patterns) -> _Compiled:
    globs = []
    for pattern in patterns:
        start, *middle = pattern.split("*")
        if middle:
            globs.append(_Glob(start, tuple(filter(None, middle[:-1])), middle[-1]))
    return _Compiled(frozenset(p for p in patterns if "*" not in p), tuple(globs))
