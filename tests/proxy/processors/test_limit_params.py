from __future__ import annotations

from typing import Any

import pytest

from proxy.processors import Failed
from tests.proxy.processors.steps import take

BOUNDS = {"max_tokens": {"min": 100, "max": 4096}, "temperature": {"max": 1}}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"max_tokens": 9000, "temperature": 0.5}, {"max_tokens": 4096, "temperature": 0.5}),
        ({"max_tokens": 1}, {"max_tokens": 100}),
        ({"max_tokens": 4096, "temperature": 1.5}, {"max_tokens": 4096, "temperature": 1}),
        ({"n": 5000}, {"n": 5000}),
        ({"max_tokens": None}, {"max_tokens": None}),
        # Another case is no way past them.
        ({"Max_Tokens": 9000}, {"Max_Tokens": 4096}),
    ],
)
def test_numbers_are_kept_within_bounds(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert take("limit_params", "", BOUNDS, given) == made


def test_what_is_within_keeps_its_form() -> None:
    made = take("limit_params", "", BOUNDS, {"max_tokens": 500})
    assert type(made["max_tokens"]) is int


@pytest.mark.parametrize("value", ["9000", [9000], True])
def test_what_is_no_number_fails_the_step(value: Any) -> None:
    with pytest.raises(Failed, match="'max_tokens' is no number"):
        take("limit_params", "", BOUNDS, {"max_tokens": value})
