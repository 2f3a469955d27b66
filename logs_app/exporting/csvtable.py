"""CSV (RFC 4180): the metadata of a record a row. What was said is not in it.

A spreadsheet runs a cell that begins like a formula, and whoever calls the relay chooses texts that end up
here: such cells get an apostrophe in front (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from logs_app.exporting.portions import Portion
from logs_app.jsontext import iso
from logs_app.models import LogRecord
from logs_app.presentation import presentation

_LEFT_OUT = {"request_preview", "response_preview", "edits", "fold_version"}
_NAMES = [field.attname for field in LogRecord._meta.concrete_fields if field.attname not in _LEFT_OUT]
_MONEY = {"cost_nanos": "cost", "saved_cost_nanos": "saved_cost"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def row_bytes(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in cells])
    return text.getvalue().encode()


def lines(portion: Portion) -> Iterator[bytes]:
    for record in portion:
        yield row_bytes(_cells(record))


def cell(value: Any) -> Any:
    """Numbers stay numbers, also negative ones; what is not there is empty."""
    match value:
        case None | int() | float() if not isinstance(value, bool):
            return value
        case bool():
            return str(value).lower()
        case datetime():
            return iso(value)
        case list() | dict():
            return orjson.dumps(value).decode() if value else ""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(record: LogRecord) -> Iterator[Any]:
    for name in _NAMES:
        value = getattr(record, name)
        # A decimal number of ours, not a text of somebody else's.
        yield presentation.cost(value) if name in _MONEY else value


HEAD = row_bytes(_MONEY.get(name, name) for name in _NAMES)
