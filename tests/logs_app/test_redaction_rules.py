"""Own patterns: what is refused, and in which words."""

from __future__ import annotations

import pytest

from logs_app.redaction import rules


@pytest.mark.parametrize(
    ("pattern", "label", "field", "words"),
    [
        ("(a", "A", "pattern", "The pattern cannot be used: missing )"),
        (r"(a)\1", "A", "pattern", "The pattern cannot be used: invalid escape sequence"),
        ("(?=a)", "A", "pattern", "The pattern cannot be used: invalid perl operator"),
        ("a*", "A", "pattern", "matches an empty text"),
        ("(?:.{0,200}){5}x", "A", "pattern", "too slow"),
        ("a", "", "label", "capital letters"),
        ("a", "employee", "label", "capital letters"),
        ("a", "1A", "label", "capital letters"),
        ("a", "A" * 33, "label", "capital letters"),
        ("a\ud800", "A", "pattern", "half a character"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(pattern: str, label: str, field: str, words: str) -> None:
    refusal = rules.refusal(pattern, label)
    assert refusal is not None
    assert refusal[0] == field and words in refusal[1]


def test_a_rule_that_allows_names_a_kind_or_none() -> None:
    assert rules.refusal("Acme", "", allows=True) is None
    assert rules.refusal("Acme", "EMAIL", allows=True) is None
    refusal = rules.refusal("Acme", "MAIL", allows=True)
    assert refusal is not None and "There is no kind MAIL" in refusal[1]


@pytest.mark.parametrize(
    "pattern", [r"EMP-\d{5}", r"(?i)project \w+", "工号[0-9]{6}", "(a+)+b", r"\bA{1,30}\b"]
)
def test_usual_patterns_are_accepted(pattern: str) -> None:
    assert rules.refusal(pattern, "OWN") is None


def test_places_are_those_of_the_text_in_any_language() -> None:
    rule = rules.compiled(r"E\d", "E")
    text = "工号E1，\ud800 E2"
    assert [text[span.start : span.end] for span in rule.spans(text)] == ["E1", "E2"]


def test_a_match_of_nothing_is_none() -> None:
    assert list(rules.compiled(r"x*", "X").spans("abc")) == []
