"""Says in the log that a request came by: chosen fields, and of its content nothing unless that is chosen."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from logs_app import jsontext

from .options import Invalid, Options
from .step import Context, Document

log = logging.getLogger("relay.processors")

CONTENT = "content"
FIELDS = (
    "request_id",
    "route",
    "method",
    "path",
    "endpoint",
    "model",
    "is_streaming",
    "size_bytes",
    "key",
    "project",
    "client_ip",
    CONTENT,
)
USUAL = ("request_id", "route", "path", "model", "key", "project")
LONGEST_CONTENT_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Logger:
    needs_document: ClassVar[bool] = False
    level: int
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        levels = {name.lower(): level for name, level in logging.getLevelNamesMapping().items() if level}
        if (value.strip().lower() or "info") not in levels:
            raise Invalid(
                _("The value is a level: debug, info (also when empty), warning, error."), "config_value"
            )
        return cls(levels[value.strip().lower() or "info"], options.choices("fields", FIELDS, USUAL))

    async def process(self, document: Document, context: Context) -> Document:
        if log.isEnabledFor(self.level):
            log.log(
                self.level,
                "%s",
                " ".join(f"{name}={self._shown(name, document, context)}" for name in self.fields),
            )
        return document

    def _shown(self, name: str, document: Document, context: Context) -> str:
        """As JSON, so that no text of a caller begins a line of its own."""
        value: Any = document if name == CONTENT else getattr(context, name)
        return jsontext.dumps(value)[:LONGEST_CONTENT_BYTES].decode("utf-8", "replace")
