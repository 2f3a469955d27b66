"""JSONL: one record a line, as `GET /manage/logs/{id}` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logs_app.exporting.portions import Portion
from logs_app.jsontext import dumps
from logs_app.presentation.serializers import RecordDetailSerializer


def lines(portion: Portion) -> Iterator[bytes]:
    serializer = RecordDetailSerializer()
    for record in portion:
        yield line(serializer.to_representation(record))


def line(value: Any) -> bytes:
    return dumps(value) + b"\n"
