"""What a record does not have, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.loglevels import METADATA, OFF
from logs_app.models import LogRecord, Outcome

_TOO_LONG = gettext_lazy(
    "The %(name)s has %(size)s bytes, more than LOG_MAX_BODY_BYTES: its first and last 64 KB are kept, with "
    "its SHA-256."
)


def of(record: LogRecord) -> list[str]:
    return [*_withheld(record), *_cut(record)]


def _withheld(record: LogRecord) -> Iterator[str]:
    payload = record.payload
    if record.is_withheld:
        yield _("You may see that this call was made, and not what was said: that needs another permission.")
        return
    if record.outcome == Outcome.REJECTED:
        yield _("The relay refused this call before it read what was asked, so there is nothing of it.")
    elif record.log_level == METADATA:
        yield _(
            "Only metadata are recorded of this call: its key, its project or the call itself (x-relay-log) "
            "asked for that. What was said was counted, and then forgotten."
        )
    elif record.log_level == OFF:
        yield _("Only counts are recorded of this call: recording is off for its key or project.")
    elif record.request_bytes and not payload.request_body and not payload.response_body:
        yield _("What was said is not kept any more: its time was over (see the settings of records).")
    elif not record.response_bytes and payload.request_body and not payload.response_body:
        yield _("No answer came.")


def _cut(record: LogRecord) -> Iterator[str]:
    payload = record.payload
    for name, cut in ((_("request"), payload.request_cut), (_("answer"), payload.response_cut)):
        if cut:
            words: dict[str, Any] = {"name": name, "size": f"{cut['size']:,}"}
            yield str(_TOO_LONG) % words
