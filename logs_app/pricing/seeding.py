"""The prices that come with the relay. They are a beginning: rows in the database are what counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from accounts import money
from logs_app.pricing.rates import RATE_NAMES

FILE = Path(__file__).with_name("prices.json")
IDENTITY = ("model", "provider", "service_tier", "above_prompt_tokens", "valid_from")


def listed_on() -> str:
    """The day of the list that comes with the relay, as YYYY-MM-DD."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["date"])


def rows(file: Path = FILE) -> Iterator[dict[str, Any]]:
    """Columns of ModelPrice. Raises ValueError, KeyError or OSError for a file that is none of prices."""
    listed = json.loads(file.read_text(encoding="utf-8"))
    for price in listed["prices"]:
        for model in price["models"]:
            yield {
                "model": model,
                "provider": price.get("provider", ""),
                "service_tier": price.get("service_tier", ""),
                "above_prompt_tokens": price.get("above_prompt_tokens", 0),
                "valid_from": datetime.fromisoformat(price.get("valid_from", listed["valid_from"])),
                "note": f"List price of {listed['date']}",
                **{name: money.nanos(price[name]) for name in RATE_NAMES if name in price},
            }


def load(model: Any, using: str, file: Path = FILE, *, dry_run: bool = False) -> int:
    """Adds what is not there and says how much that was. What is there may have been edited: it stays."""
    prices = model.objects.using(using)
    known = set(prices.values_list(*IDENTITY))
    new = [row for row in rows(file) if tuple(row[name] for name in IDENTITY) not in known]
    if not dry_run:
        prices.bulk_create([model(**_fitting(model, row)) for row in new])
    return len(new)


def complete(model: Any, using: str, names: tuple[str, ...]) -> None:
    """Gives rates that are new columns to the rows of the list that nobody has edited."""
    for row in rows():
        identity = {name: row[name] for name in IDENTITY}
        added = {name: row[name] for name in names if name in row}
        same = _fitting(model, {name: row.get(name) for name in RATE_NAMES if name not in names})
        if added:
            model.objects.using(using).filter(**identity, **same, **dict.fromkeys(names)).update(**added)


def _fitting(model: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A migration's model lacks the columns that came after it."""
    columns = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in row.items() if name in columns}
