"""Own patterns, run by RE2: its time grows with the text and with nothing else, whatever the pattern."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

from .kinds import KINDS, Span

LARGEST_PROGRAM_BYTES = 8 << 20
LONGEST_LABEL = 32
# Of a rule, for 100 KB of the text that is worst for it.
LONGEST_TRIAL_SECONDS = 0.25
TRIALS = ("a" * 100_000, "1" * 100_000, "a@b.c 1 " * 12_500, "中文 " * 33_000, "aB3-_./" * 14_000)


class Unusable(ValueError):
    """A pattern or label that cannot be used; says why in words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`label` of a rule that allows is the kind it is about, empty for every kind."""

    label: str
    pattern: Any
    allows: bool = False

    def spans(self, text: str) -> Iterator[Span]:
        for match in self.pattern.finditer(_encodable(text)):
            start, end = match.span()
            if start < end:
                yield Span(start, end, self.label)

    def allows_span(self, text: str, kind: str) -> bool:
        return self.label in ("", kind) and self.pattern.fullmatch(_encodable(text)) is not None


def compiled(pattern: str, label: str, *, allows: bool = False) -> Rule:
    """Raises Unusable."""
    options = re2.Options()
    options.max_mem = LARGEST_PROGRAM_BYTES
    options.log_errors = False
    try:
        return Rule(label, re2.compile(pattern, options), allows)
    except re2.error as error:
        raise Unusable(f"The pattern cannot be used: {_words(error)}.") from None
    except UnicodeEncodeError:
        raise Unusable("The pattern cannot be used: it contains half a character.") from None


def check(pattern: str, label: str, *, allows: bool = False) -> None:
    """Raises Unusable where a rule would not work, match nothing at all, or take too long."""
    _check_label(label, allows)
    rule = compiled(pattern, label, allows=allows)
    if rule.pattern.fullmatch(""):
        raise Unusable("The pattern matches an empty text, so it says nothing about what to replace.")
    for trial in TRIALS:
        began = time.perf_counter()
        for _ in rule.spans(trial):
            if time.perf_counter() - began > LONGEST_TRIAL_SECONDS:
                break
        took = time.perf_counter() - began
        if took > LONGEST_TRIAL_SECONDS:
            raise Unusable(
                f"The pattern is too slow: over {LONGEST_TRIAL_SECONDS:g} seconds for 100 KB of text. "
                "Make its repetitions shorter."
            )


def _check_label(label: str, allows: bool) -> None:
    if allows and label and label not in KINDS:
        raise Unusable(f"There is no kind {label}. Leave it empty, or name one of {', '.join(KINDS)}.")
    if allows:
        return
    letters = label.replace("_", "")
    if not letters.isascii() or not letters.isalnum() or not label[0].isalpha() or label != label.upper():
        raise Unusable(
            "A label consists of capital letters, digits and _ and begins with a letter, such as EMPLOYEE."
        )
    if len(label) > LONGEST_LABEL:
        raise Unusable(f"A label has at most {LONGEST_LABEL} characters.")


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _encodable(text: str) -> str:
    """Of the same length; half a surrogate pair has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
