"""Texts in which everything to be redacted is marked, and how well redaction finds it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from logs_app.redaction.finding import disjoint, find
from logs_app.redaction.kinds import USUAL, Span

FILE = Path(__file__).parent / "redaction_data" / "labelled.txt"
MARK = re.compile(r"<<([A-Z_]+)\|(.+?)>>")


@dataclass
class Score:
    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.found.total() / (self.found.total() + self.wrong.total())

    @property
    def recall(self) -> float:
        return self.found.total() / (self.found.total() + self.missed.total())

    def table(self) -> str:
        """As it stands in docs/redaction.md."""
        lines = ["| Kind | Marked | Found | Missed | Wrongly found |", "|---|---|---|---|---|"]
        for kind in sorted(self.found | self.missed | self.wrong):
            found, missed = self.found[kind], self.missed[kind]
            lines.append(f"| {kind} | {found + missed} | {found} | {missed} | {self.wrong[kind]} |")
        return "\n".join(lines)


def lines() -> list[str]:
    return [line for line in FILE.read_text().splitlines() if line and not line.startswith("# ")]


def read(line: str) -> tuple[str, list[Span]]:
    """The text without its marks, and where they stood."""
    text, spans, last = "", [], 0
    for mark in MARK.finditer(line):
        text += _plain(line[last : mark.start()])
        value = _plain(mark[2].replace("~", ""))
        spans.append(Span(len(text), len(text) + len(value), mark[1]))
        text, last = text + value, mark.end()
    return text + _plain(line[last:]), spans


def score() -> Score:
    """Found is what is covered wholly and called what it is; anything else that is touched is wrong."""
    result = Score()
    for line in lines():
        text, marked = read(line)
        found = disjoint(find(text, USUAL))
        for span in marked:
            is_found = any(
                each.kind == span.kind and each.start <= span.start and each.end >= span.end for each in found
            )
            (result.found if is_found else result.missed)[span.kind] += 1
            if not is_found:
                result.mistakes.append(f"missed {text[span.start : span.end]!r} in {text!r}")
        for span in found:
            if not any(
                each.start < span.end and span.start < each.end and each.kind == span.kind for each in marked
            ):
                result.wrong[span.kind] += 1
                result.mistakes.append(f"{span.kind} {text[span.start : span.end]!r} in {text!r}")
    return result


def _plain(text: str) -> str:
    return text.replace("\\n", "\n")
