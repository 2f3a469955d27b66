"""From the columns of a record to its cost, when it is recorded and again when prices were corrected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts import money
from logs_app.pricing.book import Book
from logs_app.pricing.rates import LARGEST_COST, RATE_NAMES, Quantities, Rates, cost

# What a record is charged by: its column, and how `Quantities` calls it.
QUANTITIES = {
    "prompt_tokens": "prompt",
    "completion_tokens": "completion",
    "cached_tokens": "cached",
    "cache_write_tokens": "cache_write",
    "image_count": "images",
    "audio_seconds": "seconds",
    "character_count": "characters",
    "audio_tokens": "audio",
    "prompt_audio_tokens": "prompt_audio",
    "image_tokens": "image",
    "prompt_image_tokens": "prompt_image",
}
# Versions of prices that no book knows: the lane's, written beside the call, and the provider's own bill.
OWN, BILLED = "own", "billed"
XAI_TICKS = 10  # in a nano dollar

Columns = Mapping[str, Any]


def rates_for(record: Columns, prices: Book, at: datetime) -> Rates | None:
    """The name in the answer tells most exactly what was served; then the one sent, then the one asked."""
    names = (record["model_served"], record["model_sent"], record["model"])
    prompt = record["prompt_tokens"] or 0
    return prices.find(names, record["provider"] or "", record["service_tier"] or "", at, prompt)


def charge(record: Columns, rates: Rates | None, *, is_own: bool = False) -> dict[str, Any]:
    """The columns of the cost."""
    used = Quantities(**{name: record[column] for column, name in QUANTITIES.items()})
    nanos = cost(rates, used) if rates is not None else None
    if rates is None or nanos is None:
        return {"cost_nanos": None, "price_version": ""}
    return {"cost_nanos": nanos, "price_version": OWN if is_own else rates.version}


def billed(usage: Any) -> int | None:
    """Nano dollars that the provider says it charged: OpenRouter in dollars, xAI in ticks.

    With a key of one's own, OpenRouter tells its fee only. Others may mean something else by `cost`.
    """
    if type(usage) is not dict:
        return None
    ticks: Any = usage.get("cost_in_usd_ticks")
    dollars: Any = usage.get("cost")
    if type(ticks) is int and 0 <= ticks <= LARGEST_COST:
        return round(ticks / XAI_TICKS)
    is_dollars = usage.get("is_byok") is False and type(dollars) in (int, float)
    if not is_dollars or not math.isfinite(dollars) or not 0 <= dollars <= money.LARGEST_DOLLARS:
        return None
    return round(Decimal(str(dollars)).scaleb(money.PLACES))


def own_rates(price: Any) -> Rates | None:
    """`{"input": 150000000, "output": 600000000}`, in nano USD like `Rates`, from the journal."""
    if type(price) is not dict:
        return None
    known = {name: price[name] for name in RATE_NAMES if type(price.get(name)) is int and price[name] >= 0}
    return Rates(**known) if known else None


def quantities(kind: str, body: Any, usage: Any, endpoint: str, request: Any) -> dict[str, Any]:
    """What is charged besides tokens, as columns. Sound by its length as the provider measured it."""
    asked: Any = request.get("input") if type(request) is dict else None
    is_speech = endpoint.endswith("/audio/speech") and type(asked) is str
    return {
        "image_count": _images(body) if kind == "image" else None,
        "audio_seconds": _seconds(body, usage) if kind == "audio" else None,
        "character_count": len(asked) if is_speech else None,
    }


def _images(body: Any) -> int | None:
    made = body.get("data") if type(body) is dict else None
    return len(made) if type(made) is list else None


def _seconds(body: Any, usage: Any) -> float | None:
    for holder, name in ((usage, "seconds"), (body, "duration")):
        value: Any = holder.get(name) if type(holder) is dict else None
        if type(value) in (int, float) and math.isfinite(value) and value >= 0:
            return float(value)
    return None
