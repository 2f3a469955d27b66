"""Which records are over. Ids begin with the moment of arrival, so a term is a comparison of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Project
from logs_app import logsettings
from logs_app.identifiers import first_id

# More is for ever: the calendar ends somewhere.
LONGEST_DAYS = 36500


@dataclass(frozen=True, slots=True)
class Term:
    """Days that something is kept; None is for ever. `own` is of projects that differ, by id."""

    days: int | None
    own: Mapping[str, int]

    def ends(self, now: datetime) -> Ends:
        each = {project_id: _end(days, now) for project_id, days in self.own.items()}
        return Ends(_end(self.days, now), each)


@dataclass(frozen=True, slots=True)
class Ends:
    """The first id that is still kept; None where everything is."""

    most: UUID | None
    own: Mapping[str, UUID | None]

    @property
    def latest(self) -> UUID | None:
        """Nothing that arrived later is over, whosoever it is."""
        return max((end for end in (self.most, *self.own.values()) if end), default=None)

    @property
    def for_ever(self) -> list[str]:
        return [project_id for project_id, end in self.own.items() if end is None]

    def are_over(self, id: UUID, project_id: str | None) -> bool:
        end = self.own.get(project_id or "", self.most)
        return end is not None and id < end


@dataclass(frozen=True, slots=True)
class Terms:
    payload: Term
    metadata: Term

    def if_set_to(self, payload_days: int | None, metadata_days: int | None) -> Terms:
        """With other days in the settings; None leaves them. Projects keep their own."""
        return Terms(
            self.payload if payload_days is None else replace(self.payload, days=payload_days),
            self.metadata if metadata_days is None else replace(self.metadata, days=metadata_days),
        )


def read() -> Terms:
    """As the settings and the projects, also deleted ones, have it now."""
    settings = logsettings.read()
    rows = list(Project.objects.values_list("pk", "payload_days", "metadata_days"))
    return Terms(
        Term(settings.payload_days, {str(pk): days for pk, days, _ in rows if days is not None}),
        Term(settings.metadata_days, {str(pk): days for pk, _, days in rows if days is not None}),
    )


def _end(days: int | None, now: datetime) -> UUID | None:
    return None if days is None or days > LONGEST_DAYS else first_id(now - timedelta(days=days))
