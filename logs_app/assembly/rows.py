"""The rows of one exchange, as columns by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from logs_app.assembly import columns
from logs_app.assembly.transcript import Meta
from logs_app.models import Attempt, LogPayload, LogRecord

Row = dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Ids are hex, moments datetimes; the transaction gives `seq`."""

    node: str
    record: Row
    payload: Row
    attempts: list[Row]
    reservation: Meta | None = None  # tokens that the lane took from limits, for `settling`

    @property
    def bytes(self) -> int:
        return sum(len(value) for value in self.payload.values() if type(value) is bytes)

    def fit(self) -> None:
        """What is too long is cut, and what a database refuses in a text is replaced."""
        for row, texts in (
            (self.record, _RECORD_TEXTS),
            (self.payload, _PAYLOAD_TEXTS),
            *((attempt, _ATTEMPT_TEXTS) for attempt in self.attempts),
        ):
            for name, longest in texts:
                row[name] = columns.text(row[name], longest)


def _text_columns(model: type[Model]) -> list[tuple[str, int | None]]:
    fields = model._meta.concrete_fields
    kinds = ("CharField", "TextField")
    return [(f.attname, f.max_length) for f in fields if f.get_internal_type() in kinds]


_RECORD_TEXTS = _text_columns(LogRecord)
_PAYLOAD_TEXTS = _text_columns(LogPayload)
_ATTEMPT_TEXTS = _text_columns(Attempt)
