"""One record again: what `manage.py replay`, the API and the admin have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from accounts.audit import audit
from accounts.audit.audit import Actor
from accounts.errors import Unknown
from logs_app.models import LogRecord
from logs_app.pricing.reading import Prices
from logs_app.redaction import policy
from proxy import runtime
from proxy.configuration.configuration import Key
from proxy.configuration.snapshot import SnapshotStore
from proxy.replay import calling, changes, originals
from proxy.replay.calling import Assemble, Question
from proxy.replay.changes import Changes
from proxy.replay.originals import Original

_prices = Prices()


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay that lacks nothing but the lane. Reads the database, so it is made outside of the loop."""

    record: LogRecord
    original: Original
    body: bytes
    changes: Changes
    key: str | None  # instead of the original's, by name or id
    assembled: Assemble
    wants_cache: bool = False

    @classmethod
    def of(
        cls, record: LogRecord, wanted: Changes, key: str | None = None, *, wants_cache: bool = False
    ) -> Plan:
        """Raises Refused in words when the record cannot be asked again, or not so."""
        original = originals.read(record)
        body = changes.apply(original.path, original.body, wanted)
        return cls(
            record,
            original,
            body,
            wanted,
            key,
            calling.assembling(prices=_prices(), redactor_for=policy.redactor_for),
            wants_cache,
        )


def note(plan: Plan, actor: Actor, request: Any = None) -> None:
    """In the audit log, before the call: it spends somebody's money under somebody's key."""
    target = ("record", plan.record.pk, plan.record.request_id)
    wanted = plan.changes
    detail = {
        "model": wanted.model,
        "provider": wanted.provider,
        "key": plan.key,
        "set": sorted(wanted.set),
        "cache": plan.wants_cache,
    }
    given = {name: value for name, value in detail.items() if value}
    audit.record(actor, "record.replay", target, request=request, detail=given)


async def run(plan: Plan) -> LogRecord:
    """The new record, not saved yet. Raises Refused when key, provider or the lane will not have it."""
    snapshots = (await runtime.current()).snapshots
    key = await _find_key(plan, snapshots)
    originals.check_provider(plan.changes.provider, snapshots.current)
    question = Question(plan.original, plan.body, key, plan.changes.provider, plan.wants_cache)
    return await calling.ask(question, plan.assembled)


async def _find_key(plan: Plan, snapshots: SnapshotStore) -> Key:
    """One that was made a moment ago is looked for once more."""
    try:
        return originals.find_key(plan.record, plan.key, snapshots.current)
    except Unknown:
        await snapshots.refresh()
        return originals.find_key(plan.record, plan.key, snapshots.current)


@asynccontextmanager
async def own_lane() -> AsyncIterator[None]:
    """For a command, which has no lane before and none after."""
    lane = await runtime.current()
    try:
        yield
    finally:
        runtime.install(None)
        await lane.aclose()
