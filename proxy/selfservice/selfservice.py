"""What a client may ask about itself with its own key, under /v1/relay: nothing of it goes to a provider.

Such a question is no exchange: it is not recorded, takes nothing from limits and quotas, and is answered
when they are used up.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from accounts.tokens import quota
from logs_app.jsontext import iso
from logs_app.presentation import ownrecord, presentation
from logs_app.statistics import keyreport

from .. import errors, refusals
from ..access import policy
from ..configuration.configuration import Key, Project
from ..delivery import delivery
from ..delivery.delivery import RelayResponse
from ..errors import RelayError
from ..exchange import Exchange
from ..limits import answers
from ..limits.limiter import Remaining
from ..limits.looking import FIELDS
from ..request.parsing import Call
from ..runtime import Runtime

PREFIX = "/v1/relay"
DAYS = "30"

Content = dict[str, Any]


def takes(call: Call) -> bool:
    return call.path == PREFIX or call.path.startswith(PREFIX + "/")


async def answer(exchange: Exchange, runtime: Runtime) -> RelayResponse:
    """Raises RelayError only when the page that asks may not."""
    key = exchange.key
    assert key is not None
    policy.check_origin(exchange.call, key, runtime.snapshots.current.settings)
    try:
        body = await _body(exchange.call, key, exchange, runtime)
    except RelayError as error:
        return delivery.own(exchange, runtime, error)
    except asyncio.CancelledError:
        exchange.key = None  # or its leaving would be recorded as a call of this key
        raise
    return delivery.own_content(exchange, runtime, body)


async def _body(call: Call, key: Key, exchange: Exchange, runtime: Runtime) -> bytes:
    if call.method not in ("GET", "HEAD"):
        raise errors.method_not_allowed(call.method, "GET, HEAD")
    remaining = await runtime.limiter.look(key.budgets) if key.budgets else []
    exchange.limit_headers = answers.headers(remaining)
    match call.path.removeprefix(PREFIX).split("/"):
        case ["", "key"]:
            used = await runtime.questions.ask(key, _used, key) if key.max_requests is not None else 0
            return _encoded(_of_key(key, remaining, used))
        case ["", "usage"]:
            return await runtime.questions.ask(key, _usage, key, _days(call))
        case ["", "requests", request_id]:
            return await runtime.questions.ask(key, _record, key, request_id)
    raise refusals.no_such_page(call.path)


def _of_key(key: Key, remaining: list[Remaining], used: int) -> Content:
    project, expires_at, most = key.project, key.expires_at, key.max_requests
    return {
        "object": "relay.key",
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "prefix": key.prefix,
        "expires_at": None if expires_at is None else _moment(expires_at),
        "allowed_models": list(key.allowed_models),
        "limits": _limits(key, f"{key.kind}:{key.id}", remaining),
        "quota": None
        if most is None
        else {"max_requests": most, "used": used, "remaining": max(most - used, 0)},
        "project": None if project is None else _of_project(project, key, remaining),
    }


def _of_project(project: Project, key: Key, remaining: list[Remaining]) -> Content:
    return {
        "id": project.id,
        "name": project.name,
        "allowed_models": list(project.allowed_models),
        "limits": _limits(key, f"project:{project.id}", remaining),
    }


def _limits(key: Key, owner: str, remaining: list[Remaining]) -> Content:
    """Each limit with what remains of it; of streams only the limit, what remains is known by trying."""
    found: Content = dict.fromkeys(FIELDS.values())
    for budget in key.budgets:
        name, _, what = budget.name.rpartition(":")
        if name == owner:
            found[FIELDS[what]] = {"limit": budget.limit}
    for budget, amount, reset_us in remaining:
        name, _, what = budget.name.rpartition(":")
        if name == owner:
            found[FIELDS[what]] |= {"remaining": amount, "reset_seconds": reset_us / 1_000_000}
    return found


def _used(key: Key) -> int:
    return quota.used([UUID(key.id)]).get(UUID(key.id), 0)


def _days(call: Call) -> int:
    given = parse_qs(call.query, keep_blank_values=True).get("days", [DAYS])[-1]
    if not (given.isdecimal() and len(given) < 5 and 1 <= int(given) <= keyreport.MOST_DAYS):
        raise refusals.wrong_days(given, keyreport.MOST_DAYS)
    return int(given)


def _usage(key: Key, days: int) -> bytes:
    report = keyreport.of_key(key.id, days, datetime.now(UTC))
    return _encoded(
        {
            "object": "relay.usage",
            "days": days,
            "since": report.since.isoformat(),
            "until": report.until.isoformat(),
            "total": _priced(report.total),
            "data": [{"date": line.pop("date").isoformat(), **_priced(line)} for line in report.lines],
        }
    )


def _priced(line: Content) -> Content:
    """The cost in dollars, as the records API says it."""
    shown = {name: value for name, value in line.items() if name != "cost_nanos"}
    return shown | {"cost": presentation.cost(line["cost_nanos"])}


def _record(key: Key, request_id: str) -> bytes:
    found = ownrecord.find(key.kind, key.id, request_id)
    if found is None:
        raise refusals.no_such_record(request_id)
    return found


def _moment(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC), "milliseconds")


def _encoded(content: Content) -> bytes:
    return json.dumps(content).encode()
