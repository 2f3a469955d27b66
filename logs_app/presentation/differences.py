"""What is different between two texts, and between two JSON values. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# Beyond this what differs is one block: difflib's time grows with the square of its lines.
MOST_LINES = 2000
MOST_CHANGES = 500
# New in every answer, and no difference of what is said.
_OF_THE_CALL = {"id", "created", "created_at", "completed_at", "system_fingerprint"}
_KINDS = {"equal": "equal", "replace": "changed", "delete": "removed", "insert": "added"}
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of both texts that stand beside each other. `kind`: equal, changed, removed, added."""

    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """`path` is a JSON pointer (RFC 6901). `kind`: changed, removed, added."""

    path: str
    kind: str
    before: Any = None
    after: Any = None


def of_texts(before: str, after: str) -> list[Block]:
    one, other = before.splitlines(), after.splitlines()
    head = _common(one, other)
    tail = _common(one[head:][::-1], other[head:][::-1])
    one_end, other_end = len(one) - tail, len(other) - tail
    blocks = [
        _block("equal", one[:head], other[:head]),
        *_between(one[head:one_end], other[head:other_end]),
        _block("equal", one[one_end:], other[other_end:]),
    ]
    return [block for block in blocks if block.before or block.after]


def of_values(before: Any, after: Any) -> list[Change]:
    """At most MOST_CHANGES. Elements of lists are compared by their place."""
    found = []
    for change in _compare(before, after, ""):
        found.append(change)
        if len(found) == MOST_CHANGES:
            break
    return found


def _common(one: list[str], other: list[str]) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _between(one: list[str], other: list[str]) -> Iterator[Block]:
    if len(one) > MOST_LINES or len(other) > MOST_LINES:
        yield _block("changed", one, other)
        return
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        yield _block(_KINDS[kind], one[a:b], other[c:d])


def _block(kind: str, one: list[str], other: list[str]) -> Block:
    return Block(kind, "\n".join(one), "\n".join(other))


def _compare(before: Any, after: Any, path: str) -> Iterator[Change]:
    match before, after:
        case dict(), dict():
            names = [name for name in {**before, **after} if path or name not in _OF_THE_CALL]
            for name in names:
                yield from _member(
                    before.get(name, _ABSENT), after.get(name, _ABSENT), f"{path}/{_escaped(name)}"
                )
        case list(), list():
            for place in range(max(len(before), len(after))):
                one = before[place] if place < len(before) else _ABSENT
                other = after[place] if place < len(after) else _ABSENT
                yield from _member(one, other, f"{path}/{place}")
        case _ if type(before) is not type(after) or before != after:
            yield Change(path, "changed", before, after)


def _member(before: Any, after: Any, path: str) -> Iterator[Change]:
    if before is _ABSENT:
        yield Change(path, "added", after=after)
    elif after is _ABSENT:
        yield Change(path, "removed", before=before)
    else:
        yield from _compare(before, after, path)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
