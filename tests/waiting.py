"""Waiting for what other processes do: as long as it may take on a busy machine, no longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    """What the condition found, as soon as that is true."""
    ends_at = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)
    return found
