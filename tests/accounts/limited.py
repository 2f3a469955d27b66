"""Budgets for tests."""

from __future__ import annotations

import uuid

from accounts.budgets import budget
from accounts.budgets.budget import Budget
from proxy.configuration.configuration import Limits


def budgets(
    second: int | None = None,
    minute: int | None = None,
    tokens: int | None = None,
    streams: int | None = None,
    *,
    name: str = "",
    owner: str = "key 'a'",
) -> tuple[Budget, ...]:
    """Of a key that nobody else counts against, unless a name is given."""
    return budget.of(name or f"token:{uuid.uuid4()}", owner, Limits(second, minute, tokens, streams))
