"""Who sees which records, and what of them: one place decides for admin, API, export, search and streams.

To see a record is one permission (`view_logrecord`), to read what was said another (`view_payload`). Records
of somebody without the second are *withheld*: their previews are empty, their payload has nothing in it, and
no question about what was said is answered. Error messages count as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models.query import ModelIterable

VIEW, REVEAL = "logs_app.view_logrecord", "logs_app.view_payload"
PREVIEWS = frozenset(("request_preview", "response_preview"))


def may_see(actor: Any) -> bool:
    return bool(actor is not None and actor.is_staff and actor.has_perm(VIEW))


def may_reveal(actor: Any) -> bool:
    """Whether `actor` may read what was said. Ask this before sending anything that comes by another way than
    `visible_to`, such as the tokens of a running stream; and note who reads (`logs_app.reveals`)."""
    return may_see(actor) and bool(actor.has_perm(REVEAL))


class Withheld(ModelIterable):
    def __iter__(self) -> Iterator[Any]:
        for record in super().__iter__():
            record.withhold()
            yield record
