from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.tokens import durations


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        (" 90S ", timedelta(seconds=90)),
        ("0", timedelta(0)),
        ("0h", timedelta(0)),
    ],
)
def test_a_number_with_a_unit_is_a_duration(text: str, duration: timedelta) -> None:
    assert durations.parse(text) == duration


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1h30m", "1y", "999999999w"])
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is '"):
        durations.parse(text)
