from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.access import patterns


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "GPT-4o", False),
        ("gpt-4.1-*", "gpt-4.1-", True),
        ("gpt-4.1-*", "gpt-4.1-mini", True),
        ("gpt-4.1-*", "gpt-4x1-mini", False),
        ("*-mini", "gpt-4o-mini", True),
        ("*-mini", "-mini", True),
        ("a*a", "a", False),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("a*bc*c", "abcc", True),
        ("a*bc*bc", "abc", False),
        ("a**b", "ab", True),
        ("*", "", True),
        ("", "", True),
        ("[a-z]?", "a", False),
        ("[a-z]?", "[a-z]?", True),
        (".*", "anything", False),
    ],
)
def test_a_star_is_any_run_of_characters_and_all_else_is_literal(
    pattern: str, text: str, is_match: bool
) -> None:
    assert patterns.matches((pattern,), text) is is_match


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_matches_what_its_regular_expression_does(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL)
    assert patterns.matches((pattern,), text) is (expected is not None)


def test_any_pattern_of_a_list_is_enough() -> None:
    assert patterns.matches(("gpt-4o", "claude-*"), "claude-sonnet")
    assert not patterns.matches(("gpt-4o", "claude-*"), "o3")


@pytest.mark.parametrize(
    ("allowed", "limits"), [((), False), (("*",), False), (("a", "*"), False), (("a",), True)]
)
def test_a_list_that_is_empty_or_has_a_lone_star_limits_nothing(
    allowed: tuple[str, ...], limits: bool
) -> None:
    assert patterns.limits(allowed) is limits


def test_many_stars_take_no_more_time_than_the_text_is_long() -> None:
    began = time.monotonic()
    assert not patterns.matches(("*a" * 200 + "b",), "a" * 100_000)
    assert time.monotonic() - began < 0.5
