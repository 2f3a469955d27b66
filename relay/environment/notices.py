"""What is to be said of variables whose names came from an earlier system and mean something else here."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

# Names of earlier systems that nothing reads, and what does it instead.
UNREAD = {
    "VERIFY_SSL": "certificates are always checked. Name the authority that you trust in CA_CERTIFICATES.",
    "MIN_TOKENS_LIMIT": "a processor of the type limit_params does it: docs/migration.md.",
    "MAX_TOKENS_LIMIT": "a processor of the type limit_params does it: docs/migration.md.",
}


def reminders() -> list[str]:
    unread = [(name, words) for name, words in UNREAD.items() if _is_set(name)]
    found = [f"{name} is set, and nothing reads it: {words}" for name, words in unread]
    if settings.LLM_PROXY_EVENT_BUS == "in-memory":
        found.append(
            "LLM_PROXY_EVENT_BUS=in-memory means database here: events are kept until they are delivered, "
            "and none is dropped because a buffer is full."
        )
    if not settings.OBSERVABILITY_ENABLED:
        found.append(
            "OBSERVABILITY_ENABLED=false has no effect: events are made of records when somebody wants them, "
            "and cost nothing while there is no dispatcher."
        )
    return found + left(Path(str(settings.DATABASES["default"]["NAME"])))


def left(database: Path) -> list[str]:
    """Of a SQLite file that was moved to another database."""
    mark = moved_mark(database)
    if not mark.exists():
        return []
    when = mark.read_text().strip()
    return [
        f"{database} was copied into another database ({when}) and is used again: DATABASE_URL does not name "
        f"that one. If this is what you want, delete {mark}."
    ]


def moved_mark(database: Path) -> Path:
    """Beside a SQLite file that was left: whoever forgets the new address would go on in the old file."""
    return database.with_name(f"{database.name}.moved")


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip())
