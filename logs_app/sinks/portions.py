"""As many at a time as a far side takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

MOST_BYTES = 3 << 20  # services that say a limit say 3.5 MB or more


def cut(documents: Iterable[bytes], most_bytes: int = MOST_BYTES) -> Iterator[Sequence[bytes]]:
    """In their order. One that is larger alone goes alone."""
    portion: list[bytes] = []
    size = 0
    for document in documents:
        if portion and size + len(document) > most_bytes:
            yield portion
            portion, size = [], 0
        portion.append(document)
        size += len(document) + 1
    if portion:
        yield portion
