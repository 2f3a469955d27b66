from __future__ import annotations

import pytest

from tests.proxy.processors.steps import chat, take

MAIL = r"([\w.]+)@([\w.]+)"


def test_texts_of_the_user_are_searched_by_default() -> None:
    document = chat("system: a@b.example", "user: a@b.example", "assistant: a@b.example")
    changed = take("regex_replace", MAIL, {"replacement": "[mail]"}, document)
    assert changed == chat("system: a@b.example", "user: [mail]", "assistant: a@b.example")


def test_other_roles_are_searched_where_they_are_named() -> None:
    document = chat("system: a@b.example", "user: a@b.example")
    changed = take("regex_replace", MAIL, {"roles": ["system"]}, document)
    assert changed == chat("system: ", "user: a@b.example")


def test_what_is_not_found_changes_nothing() -> None:
    document = chat("user: hello")
    assert take("regex_replace", MAIL, {}, document) is document


@pytest.mark.parametrize(
    ("replacement", "text"),
    [(r"\2 \1", "b.example a"), (r"\0", "a@b.example"), (r"\\1é\n", "\\1é\\n")],
)
def test_a_replacement_may_quote_what_was_found(replacement: str, text: str) -> None:
    changed = take("regex_replace", MAIL, {"replacement": replacement}, chat("user: ü a@b.example"))
    assert changed == chat(f"user: ü {text}")


def test_case_counts_unless_it_is_said_not_to() -> None:
    assert take("regex_replace", "secret", {}, chat("user: SECRET")) == chat("user: SECRET")
    assert take("regex_replace", "secret", {"ignore_case": True}, chat("user: SECRET")) == chat("user: ")


def test_half_a_character_is_no_way_past_it() -> None:
    assert take("regex_replace", "secret", {}, chat("user: \ud800secret")) == chat("user: ?")


def test_an_expression_that_would_never_end_elsewhere_ends_here() -> None:
    text = "a" * 300_000
    assert take("regex_replace", "(a+)+$b", {}, chat(f"user: {text}")) == chat(f"user: {text}")
    assert take("regex_replace", "(a+)+", {}, chat(f"user: {text}")) == chat("user: ")
