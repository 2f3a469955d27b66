"""Copies what long exchanges have in old segments into a new one: a stream of hours must not hold gigabytes.

A copy keeps the place it came from. Copies and sources may therefore lie side by side (the recorder died in
between, or two of them carried at once): whoever reads them in order takes each entry once.
"""

from __future__ import annotations

from array import array
from pathlib import Path

from logs_app.journal import segments
from logs_app.journal.segments import ENTRY, MasterKeys, Name, Writer
from logs_app.recorder.exchanges import Exchange
from logs_app.recorder.lives import PLACE, PLACE_SHIFT, Life, Segment


def carry_over(life: Life, old: list[Segment], directory: Path, masters: MasterKeys) -> None:
    """Moves the entries of open exchanges out of `old`, which begins at the life's oldest segment.

    On return the copies are on disk and nothing pins the old segments. Raises OSError, having moved nothing.
    """
    pinning = set().union(*(segment.pins for segment in old))
    exchanges = [life.open[id] for id in sorted(pinning & life.open.keys())]
    number = 1 + max((carry.number for carry in life.carries), default=0)
    path = directory / segments.carry_name(life.name, number)
    writer = Writer(directory, path.name, life.node, masters)
    try:
        copies = [_copy(exchange, old, writer) for exchange in exchanges]
        writer.sync()
        segments.sync_directory(directory)
        carry = Segment(path, Name(life.name, True, number), masters)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        writer.close()
    life.add(carry)
    for exchange, offsets in zip(exchanges, copies, strict=True):
        _point_to(carry, offsets, exchange, old)


def _copy(exchange: Exchange, old: list[Segment], writer: Writer) -> array[int]:
    copies = array("Q")
    for segment, offsets in exchange.runs:
        if segment not in old:
            continue
        for offset in offsets:
            try:
                kind, id, offset_us, payload, _ = segment.at(offset)
            except LookupError:  # damaged since it was first read: lost here as well as there
                continue
            copies.append(writer.offset)
            place = PLACE.pack(segment.number << PLACE_SHIFT | offset)
            writer.append(ENTRY.pack(kind, id, offset_us) + place + payload)
    return copies


def _point_to(carry: Segment, copies: array[int], exchange: Exchange, old: list[Segment]) -> None:
    """Runs in order: what was carried before, these copies, what came since."""
    before = [run for run in exchange.runs if run[0].is_carry]
    since = [run for run in exchange.runs if not run[0].is_carry and run[0] not in old]
    exchange.runs = [*before, (carry, copies), *since]
    carry.pins.add(exchange.id)
    for segment in old:
        segment.pins.discard(exchange.id)
