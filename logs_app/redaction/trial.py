"""What redaction would find in records, shown without showing it: nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import QuerySet

from logs_app.finding import walking
from logs_app.models import LogRecord, RedactionRule

from . import policy, stored
from .kinds import Span
from .redactor import Redactor, Ruleset
from .stored import RedactorFor

CONTEXT_CHARACTERS = 40
SHOWN_CHARACTERS = 12
MOST_MATCHES = 200


@dataclass(frozen=True, slots=True)
class Match:
    """`masked` has the first character; `context` is the text around it as it would be stored."""

    label: str
    masked: str
    context: str


@dataclass(slots=True)
class Trial:
    """What was found in one record."""

    record: LogRecord
    matches: list[Match] = field(default_factory=list)
    withheld: str = ""
    is_exempt: bool = False

    @property
    def counts(self) -> Counter[str]:
        return Counter(match.label for match in self.matches)


class Witness(Redactor):
    """A redactor that remembers what it replaced, masked."""

    def __init__(self, ruleset: Ruleset) -> None:
        super().__init__(ruleset)
        self.matches: dict[str, Match] = {}

    def replaced(self, text: str, spans: list[Span]) -> str:
        result = super().replaced(text, spans)
        for start, end, kind in spans:
            mark = self.label(kind, text[start:end])
            self.matches.setdefault(mark, Match(kind, mask(text[start:end]), _context(result, mark)))
        return result


def records(selected: QuerySet[LogRecord], redactor_for: RedactorFor, using: str) -> Iterator[Trial]:
    """Newest last; records in which nothing is found, too."""
    for rows in walking.pages(selected.using(using), stored.BATCH):
        for record in rows:
            redactor = redactor_for(record.project_id)
            yield one(record, Witness(redactor.ruleset)) if redactor else Trial(record, is_exempt=True)


def one(record: LogRecord, witness: Witness) -> Trial:
    redacted = stored.Stored.of(record).redacted(witness)
    said: Any = redacted.record["fold_error"]
    return Trial(record, list(witness.matches.values()), said if said != record.fold_error else "")


def of_rule(rule: RedactionRule, records: list[LogRecord]) -> dict[str, Any]:
    return of_records(policy.only(rule), records)


def of_records(redactor_for: RedactorFor, records: list[LogRecord]) -> dict[str, Any]:
    """`seen` records, of which `changed` would, and `matches` with the `record_id` of each."""
    matches: list[dict[str, Any]] = []
    changed = 0
    for record in records:
        redactor = redactor_for(record.project_id)
        found = one(record, Witness(redactor.ruleset)).matches if redactor is not None else []
        changed += bool(found)
        matches += [{"record_id": record.pk, **asdict(match)} for match in found]
    return {"seen": len(records), "changed": changed, "matches": matches[:MOST_MATCHES]}


def of_text(redactor: Redactor, text: str) -> tuple[str, list[Match]]:
    """As it would be stored, and what was found in it. Raises TooSlow."""
    witness = Witness(redactor.ruleset)
    return witness.text(text), list(witness.matches.values())


def mask(value: str) -> str:
    """How it begins and how long it is."""
    shown = value[0] + "•" * min(len(value) - 1, SHOWN_CHARACTERS)
    return f"{shown} ({len(value)})"


def _context(text: str, mark: str) -> str:
    start = max(0, text.find(mark))
    cut = text[max(0, start - CONTEXT_CHARACTERS) : start + len(mark) + CONTEXT_CHARACTERS]
    return " ".join(cut.split())
