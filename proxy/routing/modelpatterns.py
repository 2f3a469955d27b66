"""Patterns of model names, in mappings and lists of allowed models: a glob with `*`, or a regular expression.

Both run on RE2, whose time is in proportion to the text whatever the pattern: who writes one cannot stop the
relay with it. A pattern is always about the whole name, and case counts.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

LONGEST = 500
LONGEST_NAME = 1000  # no pattern fits a longer one: linear is not nothing
_STAR = "*"
_ANYTHING = "(.*)"
_ESCAPED = re.compile(r"\\(.)")
_LITERAL = re.compile(r"(?:[^\\.*+?()|\[\]{}^$]|\\[^A-Za-z0-9])*")
# As people write them in such files: `.*`, `.+`, brackets (one alone: a mistake), `|`, anchors, a backslash.
_REGEX = re.compile(r"\.[*+]|[()\[\]{}|\\]|^\^|\$$")
_NOT_LITERAL = re.compile(r"\\[A-Za-z]|\[[^\]]*\]|\{[^}]*\}|\(\?[^:)]*:?|[.*+?()|^$\\]")
_PREFIX_BYTES = 100


class BadPattern(ValueError):
    """Its words say why, and follow the pattern."""


@dataclass(frozen=True, slots=True)
class ModelPattern:
    text: str
    is_glob: bool
    start: str  # what every name that fits begins with
    literals: int  # characters that stand for themselves: more of them, more specific
    groups: int  # of a glob: its stars
    regex: Any

    def groups_in(self, name: str) -> tuple[str | None, ...] | None:
        """What the stars or groups stand for; None when the name does not fit."""
        if not name.startswith(self.start) or len(name) > LONGEST_NAME:
            return None
        found = self.regex.fullmatch(name if name.isascii() else encodable(name))
        return found.groups() if found else None

    def matches(self, name: str) -> bool:
        return self.groups_in(name) is not None

    def filled(self, text: str) -> str | None:
        """The name in which its only star, or its only `(.*)`, is this text; None if there is more to it."""
        around = self.text.split(_STAR if self.is_glob else _ANYTHING)
        if len(around) != 2 or not (self.is_glob or all(map(_LITERAL.fullmatch, around))):
            return None
        return text.join(around if self.is_glob else (_ESCAPED.sub(r"\1", piece) for piece in around))

    @property
    def rank(self) -> tuple[int, bool, str]:
        """Sorts the most specific first. The order of writing does not count: databases lose it."""
        return -self.literals, not self.is_glob, self.text


def is_plain(text: str) -> bool:
    """Whether it stands for itself alone."""
    return _STAR not in text and not _REGEX.search(text)


@lru_cache(maxsize=65536)
def compile(text: str) -> ModelPattern:
    """Raises BadPattern."""
    if len(text) > LONGEST:
        raise BadPattern(_("is longer than %(most)s characters") % {"most": LONGEST})
    is_glob = not _REGEX.search(text)
    pieces = text.split(_STAR)
    source = "(.*?)".join(map(re2.escape, pieces)) if is_glob else text
    try:
        regex = re2.compile(source, _options(is_glob))
    except (re2.error, UnicodeEncodeError) as error:
        raise BadPattern(_("is no regular expression: %(words)s") % {"words": _words(error)}) from None
    literals = len("".join(pieces) if is_glob else _NOT_LITERAL.sub("", text))
    start = pieces[0] if is_glob else _start_of(regex)
    return ModelPattern(text, is_glob, start, literals, regex.groups, regex)


def fits(texts: tuple[str, ...], name: str) -> bool:
    """Whether one of these names and patterns is about the name. A bad pattern stands for itself alone."""
    names, patterns = _sorted(texts)
    return name in names or any(pattern.matches(name) for pattern in patterns)


@lru_cache(maxsize=4096)
def _sorted(texts: tuple[str, ...]) -> tuple[frozenset[str], tuple[ModelPattern, ...]]:
    patterns = []
    for text in texts:
        if not is_plain(text):
            with suppress(BadPattern):
                patterns.append(compile(text))
    return frozenset(texts), tuple(patterns)


def encodable(text: str) -> str:
    """Without lone surrogates, which JSON may carry and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


def _options(is_glob: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = is_glob
    return options


def _start_of(regex: Any) -> str:
    try:
        lowest, highest = regex.possiblematchrange(_PREFIX_BYTES)
    except re2.error:  # nothing can be told of it
        return ""
    return os.path.commonprefix([lowest, highest]).decode("utf-8", "ignore")


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return _("it has characters that do not exist")
    said = error.args[0]
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "(?=" in words or "(?!" in words or "(?<" in words:
        return _("%(words)s (looking ahead or behind is not possible here)") % {"words": words}
    return words
