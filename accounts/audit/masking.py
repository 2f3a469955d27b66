"""Secrets in paths, kept out of log and audit trail: `/manage/tokens/{id}` also takes the token itself, and
`/manage/credentials/{id}` the key.
"""

from __future__ import annotations

import logging
import re

MASK = "…"
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?=/|$)"
_TOKEN = re.compile(
    rf"(?<=/tokens/)(?!{_UUID}|revoke(?:/|$))[^/]+|(?<=/credentials/)(?!\d+(?:/|$))[^/]+|(?<=/)sk-[^/]+"
)


def path(text: str) -> str:
    return _TOKEN.sub(MASK, text)


class WithoutTokens(logging.Filter):
    """For loggers whose messages are made of paths."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(path(each) if isinstance(each, str) else each for each in record.args)
        return True
