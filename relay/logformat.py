"""The form of the log, and the file it goes to."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def file_handler(path: Path) -> dict[str, Any]:
    """Opens the file anew when somebody has moved it away: every process may write, logrotate may rotate."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise ImproperlyConfigured(
            f"LOG_FILE cannot be written: {error.filename}: {error.strerror}."
        ) from None
    return {"class": "logging.handlers.WatchedFileHandler", "filename": path}


class JSONFormatter(logging.Formatter):
    """One object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        # A lone surrogate would stop whoever writes or reads the line.
        return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace").decode()
