"""JSONL: one record a line, as `GET /manage/logs/{id}` shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from logs_app.exporting.portions import Portion
from logs_app.presentation.serializers import RecordDetailSerializer


def lines(portion: Portion) -> Iterator[bytes]:
    serializer = RecordDetailSerializer()
    for record in portion:
        yield line(serializer.to_representation(record))


def line(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer over 64 bits
        return json.dumps(value).encode() + b"\n"
