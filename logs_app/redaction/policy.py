"""What is redacted in whose records, as the database has it now.

The recorder asks for every exchange, so the answer is kept and read again at most once a second. While the
database is away the last one stays; before there was one, nothing is decided and the database's error goes
through: a record that cannot be stored anyway waits in the journal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import configversion
from accounts.models import Project
from logs_app import logsettings
from logs_app.freshness import Fresh
from logs_app.models import RedactionRule
from logs_app.recorder.store import Unavailable

from . import rules
from .kinds import USUAL
from .redactor import Redactor, Ruleset
from .rules import Rule

SPARED = "SPARED"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """`by_project` has the projects that differ: by their id, None for those that are not redacted."""

    default: Ruleset | None
    by_project: Mapping[str, Ruleset | None]

    def ruleset_for(self, project_id: str) -> Ruleset | None:
        return self.by_project.get(project_id, self.default)


def redactor_for(project_id: str | None) -> Redactor | None:
    """None where records of the project are kept as they are; without a project the settings decide.

    Raises Unavailable before the database was read for the first time.
    """
    try:
        ruleset = _fresh.get().ruleset_for(project_id or "")
    except DatabaseError as error:
        raise Unavailable(str(error)) from error
    return Redactor(ruleset) if ruleset is not None else None


def everywhere() -> Callable[[str], Redactor]:
    """For every project, also where new records are kept as they are."""
    known = read(is_on=True)
    return lambda project_id: Redactor(known.ruleset_for(project_id) or Ruleset())


def only(row: RedactionRule) -> Callable[[str], Redactor | None]:
    """By one rule and nothing else, where it is for; one that allows shows what it would spare."""
    chosen = Ruleset(frozenset(), (rules.compiled(row.pattern, row.label or SPARED),))

    def redactor_for(project_id: str) -> Redactor | None:
        return Redactor(chosen) if str(row.project_id or project_id) == project_id else None

    return redactor_for


def forget() -> None:
    """The next question reads the database."""
    _source.policy = None
    _fresh.forget()


def read(*, is_on: bool = False) -> Policy:
    """`is_on`: as if all projects were redacted."""
    settings = logsettings.read()
    kinds = USUAL if settings.redacted_kinds is None else frozenset(settings.redacted_kinds)
    own = list(RedactionRule.objects.filter(is_enabled=True).order_by("pk"))
    general = ruleset(kinds, (rule for rule in own if rule.project_id is None))
    special = {str(rule.project_id) for rule in own if rule.project_id}
    by_project: dict[str, Ruleset | None] = {}
    for pk, wish in Project.objects.filter(~Q(redact_logs=None) | Q(pk__in=special)).values_list(
        "pk", "redact_logs"
    ):
        is_wanted = settings.redact_logs if wish is None else wish
        chosen = (rule for rule in own if rule.project_id in (None, pk))
        by_project[str(pk)] = ruleset(kinds, chosen) if is_on or is_wanted else None
    return Policy(general if is_on or settings.redact_logs else None, by_project)


def ruleset(kinds: frozenset[str], rows: Iterable[RedactionRule]) -> Ruleset:
    found = [compiled(row) for row in rows]
    return Ruleset(
        kinds, tuple(rule for rule in found if not rule.allows), tuple(rule for rule in found if rule.allows)
    )


def compiled(row: RedactionRule) -> Rule:
    """Saved rules were checked; one that is written past the forms must not stop the recorder."""
    allows = row.action == RedactionRule.ALLOW
    try:
        return rules.compiled(row.pattern, row.label, allows=allows)
    except rules.Unusable as error:
        log.error("Rule %s: %s What was said in its records is not stored.", row.name, error)
        return Rule(row.label, Broken(), allows)


class Broken:
    """The pattern of a rule that cannot be used: nobody knows what it would have found."""

    def finditer(self, text: str) -> Iterator[Any]:
        raise rules.Unusable(_("A rule of redaction cannot be used."))

    def fullmatch(self, text: str) -> None:
        return None


class Source:
    """Reads one row while the version of the configuration stays the same."""

    def __init__(self) -> None:
        self.policy: Policy | None = None
        self._version: int | None = None

    def __call__(self) -> Policy:
        version = configversion.current()
        if self.policy is None or not version or version != self._version:
            self.policy, self._version = read(), version
        return self.policy


_source = Source()
_fresh = Fresh(_source)
