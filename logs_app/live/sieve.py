"""The filters of records on exchanges that have none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logs_app.assembly import columns
from logs_app.live.flights import Flight


def passes(flight: Flight, values: Mapping[str, Any]) -> bool:
    """`values` are those of `RecordFilters`. What only the end of a call tells no open one fulfils."""
    facts: dict[str, Any] = {
        "project": (flight.project_id, flight.project),
        "key": (flight.key_id, flight.key),
        "model": (flight.model,),
        "provider": (flight.provider,),
        "path": (flight.path,),
        "endpoint": (flight.endpoint,),
        "stream": (flight.is_streaming,),
    }
    return all(
        value in facts[name] if name in facts else _is_in_time(flight, name, value)
        for name, value in values.items()
    )


def _is_in_time(flight: Flight, name: str, value: Any) -> bool:
    started = columns.moment(flight.started_us)
    return (name == "since" and started >= value) or (name == "until" and started < value)
