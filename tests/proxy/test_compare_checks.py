from __future__ import annotations

import time

import pytest

from accounts.errors import Invalid
from proxy.compare import checks

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def passes(answer: str, recorded: str = "", **check) -> bool:
    (found,) = checks.build([check]).values()
    return found(answer, recorded)


@pytest.mark.parametrize(
    ("check", "answer", "is_passed"),
    [
        ({"kind": "exact", "value": "Yes."}, " Yes.\n", True),
        ({"kind": "exact", "value": "Yes."}, "Yes", False),
        ({"kind": "regex", "value": r"(?i)\byes\b"}, "Oh, YES!", True),
        ({"kind": "regex", "value": "^no"}, "yes no", False),
        ({"kind": "json_schema", "value": SCHEMA}, '{"a": 1}', True),
        ({"kind": "json_schema", "value": SCHEMA}, '{"a": "1"}', False),
        ({"kind": "json_schema", "value": SCHEMA}, "no JSON", False),
        ({"kind": "json_schema", "value": SCHEMA}, "[" * 100_000, False),
    ],
)
def test_an_answer_passes_or_does_not(check, answer, is_passed):
    assert passes(answer, **check) is is_passed


def test_the_recorded_answer_can_be_the_measure():
    assert passes("Hi ", "Hi", kind="same")
    assert not passes("Ho", "Hi", kind="same")


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "exact"},
        {"kind": "regex", "value": "(unclosed"},
        {"kind": "json_schema", "value": {"type": 5}},
        {"kind": "json_schema", "value": "text"},
        {"kind": "like"},
    ],
)
def test_a_check_that_cannot_be_is_refused(check):
    with pytest.raises(Invalid):
        checks.build([check])


def test_no_pattern_runs_away():
    began = time.monotonic()
    assert not passes("a" * 100_000, kind="regex", value="(a+)+$b")
    assert time.monotonic() - began < 5


def test_a_schema_fetches_nothing():
    assert not passes("{}", kind="json_schema", value={"$ref": "http://127.0.0.1:9/schema.json"})


def test_checks_have_names():
    found = checks.build(
        [{"kind": "same"}, {"kind": "exact", "value": "x"}, {"kind": "same", "name": "mine"}]
    )
    assert list(found) == ["same", "exact x", "mine"]
