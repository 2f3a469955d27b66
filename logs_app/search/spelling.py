"""One spelling for texts and questions, in which three letters are always a trigram.

Case, width and white space do not matter. A character of a script that is written without spaces becomes a
digit and three letters: a single Chinese character then is long enough for an index of trigrams, and
PostgreSQL indexes it whatever its locale takes for a letter.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

# First and last of each script: Thai and Lao, Burmese, Khmer, kana, Han, Hangul, and the rarer Han.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x323AF),
)  # fmt: skip
_FIRSTS = [first for first, _ in _UNSPACED]
_LETTERS = 26


class _Codes(dict[int, str]):
    """A table for `str.translate` that is filled as characters are met."""

    def __missing__(self, ordinal: int) -> str:
        self[ordinal] = code = _code(ordinal) if _is_unspaced(ordinal) else chr(ordinal)
        return code


def spelled(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold().translate(_CODES)
        text = text.encode("utf-8", "replace").decode()  # half a surrogate fits into no column
    else:
        text = text.lower()
    return " ".join(text.replace("\0", " ").split())


def _is_unspaced(ordinal: int) -> bool:
    place = bisect_right(_FIRSTS, ordinal) - 1
    return place >= 0 and ordinal <= _UNSPACED[place][1]


def _code(ordinal: int) -> str:
    """The digit comes first, so that no match begins within a character."""
    letters = []
    for _ in range(3):
        ordinal, letter = divmod(ordinal, _LETTERS)
        letters.append(chr(ord("a") + letter))
    return f"{ordinal % 10}{''.join(letters)}"


_CODES = _Codes()
