"""Own patterns, run by RE2: its time grows with the text and with nothing else, whatever the pattern."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2
from django.utils.translation import gettext as _

from .kinds import KINDS, Span

LARGEST_PROGRAM_BYTES = 8 << 20
LABEL = re.compile("[A-Z][A-Z0-9_]{0,31}")
# Of the processor, for 100 KB of text of which much is like it.
LONGEST_TRIAL_SECONDS = 0.5
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
        raise Unusable(_("The pattern cannot be used: %(words)s.") % {"words": _words(error)}) from None
    except UnicodeEncodeError:
        raise Unusable(_("The pattern cannot be used: it contains half a character.")) from None


def refusal(pattern: str, label: str, *, allows: bool = False) -> tuple[str, str] | None:
    """Which of `pattern` and `label` cannot be used, and why in words; None when both can."""
    if words := _refusal_of_label(label, allows):
        return "label", words
    try:
        rule = compiled(pattern, label, allows=allows)
    except Unusable as error:
        return "pattern", str(error)
    if rule.pattern.fullmatch(""):
        return "pattern", _("The pattern matches an empty text, so it says nothing about what it looks for.")
    if any(_is_slow(rule, trial) for trial in TRIALS):
        words = _(
            "The pattern is too slow: more than %(most)s seconds for 100 KB of text. "
            "Make its repetitions shorter."
        )
        return "pattern", words % {"most": LONGEST_TRIAL_SECONDS}
    return None


def _is_slow(rule: Rule, trial: str) -> bool:
    began = time.thread_time()
    for _span in rule.spans(trial):
        if time.thread_time() - began > LONGEST_TRIAL_SECONDS:
            break
    return time.thread_time() - began > LONGEST_TRIAL_SECONDS


def _refusal_of_label(label: str, allows: bool) -> str:
    if allows:
        known = ", ".join(KINDS)
        return (
            _("There is no kind %(label)s. Leave it empty, or name one of %(known)s.")
            % {"label": label, "known": known}
            if label not in ("", *KINDS)
            else ""
        )
    if LABEL.fullmatch(label) is None:
        return _(
            "A label is made of capital letters, digits and _, and begins with a letter, such as EMPLOYEE."
        )
    return ""


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
