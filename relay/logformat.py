"""The form of the log: every line names the call or the request it belongs to."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from accounts.audit import requestid

LOGGERS: dict[str, dict[str, Any]] = {
    # Django hangs handlers of its own on these.
    "django": {"handlers": [], "level": "INFO", "propagate": True},
    "django.request": {"filters": ["without_tokens"]},
    "django.server": {"handlers": [], "propagate": True},
    # Scanners try names all day; who is meant to come gets the reason as an answer.
    "django.security.DisallowedHost": {"level": "CRITICAL"},
    # A line per request says nothing that the records do not say.
    "django.channels.server": {"level": "WARNING"},
    "daphne": {"level": "WARNING"},
    "httpx": {"level": "WARNING"},
}
STDOUT = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}


def configuration(form: str, level: str, file: dict[str, Any] | None) -> dict[str, Any]:
    """For `logging.config`; without a `file` handler the log goes to standard output."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"()": PlainFormatter}, "json": {"()": JSONFormatter}},
        "filters": {"without_tokens": {"()": "accounts.audit.masking.WithoutTokens"}},
        "handlers": {"out": (file or STDOUT) | {"formatter": "json" if form == "json" else "plain"}},
        "root": {"handlers": ["out"], "level": level.upper()},
        "loggers": LOGGERS,
    }


class PlainFormatter(logging.Formatter):
    """For people: the id stands at the end of the first line."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line, id = super().formatMessage(record), requestid.current.get()
        return f"{line} [{id}]" if id else line


class JSONFormatter(logging.Formatter):
    """One object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id := requestid.current.get():
            entry["request_id"] = id
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        # A lone surrogate would stop whoever writes or reads the line.
        return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace").decode()
