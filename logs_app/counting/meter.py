"""Counting tokens of text with bounded work."""

from __future__ import annotations

from . import encodings

# tiktoken panics on huge runs of white space, and its worst case grows faster than the text.
PIECE_CHARS = 50_000
# Half a megabyte takes 10 ms of English and 80 ms of the worst there is; what lies beyond is extrapolated.
CAP_CHARS = 500_000
# Every text costs a call, however short.
CALL_CHARS = 32
# Without an encoding (a damaged file): English has about four characters to a token.
CHARS_PER_TOKEN = 4


class Meter:
    """Adds up the tokens of one prompt or one answer."""

    def __init__(self, model: str | None, cap_chars: int = CAP_CHARS) -> None:
        self.encoding = encodings.name_for(model)
        self._left = cap_chars
        self._fixed = 0
        self._counted_chars = 0
        self._counted_tokens = 0
        self._skipped_chars = 0

    @property
    def tokens(self) -> int:
        if not self._skipped_chars:
            return self._fixed + self._counted_tokens
        per_char = self._counted_tokens / self._counted_chars if self._counted_chars else 1 / CHARS_PER_TOKEN
        return self._fixed + self._counted_tokens + round(self._skipped_chars * per_char)

    def add(self, tokens: int) -> None:
        self._fixed += tokens

    def read(self, text: str) -> None:
        taken = min(len(text), max(self._left, 0))
        self._left -= taken + CALL_CHARS
        self._counted_chars += taken
        self._skipped_chars += len(text) - taken
        position = 0
        while position < taken:
            end = _end_of_piece(text, position, taken)
            self._counted_tokens += _count(text[position:end], self.encoding)
            position = end


def count_text(text: str, model: str | None) -> int:
    meter = Meter(model)
    meter.read(text)
    return meter.tokens


def _end_of_piece(text: str, start: int, limit: int) -> int:
    """Before a space where there is one near: tokens begin with their space, so nothing is counted twice."""
    end = start + PIECE_CHARS
    if end >= limit:
        return limit
    space = text.rfind(" ", end - 200, end)
    return space if space > start else end


def _count(piece: str, encoding: str) -> int:
    """Never raises for what a text holds: a panic of tiktoken is a BaseException."""
    try:
        return len(encodings.load(encoding).encode_ordinary(piece))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        return -(-len(piece) // CHARS_PER_TOKEN)
