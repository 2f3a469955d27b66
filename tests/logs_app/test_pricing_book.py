from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from logs_app.pricing.book import MOST_REMEMBERED, Book, Entry
from logs_app.pricing.rates import Rates

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = START + timedelta(days=100)


def entry(model: str, input: int, *, provider: str = "", tier: str = "", above: int = 0, at=START) -> Entry:
    return Entry(model, provider, tier, above, at, Rates(input=input))


def price(book: Book, *models: str | None, provider: str = "p", tier: str = "", at=LATER, prompt: int = 0):
    found = book.find(models, provider, tier, at, prompt)
    return None if found is None else found.input


def test_the_closer_description_wins():
    book = Book([entry("*", 1), entry("gpt-*", 2), entry("gpt-4o*", 3), entry("gpt-4o", 4)])
    assert [price(book, name) for name in ("gpt-4o", "gpt-4o-2024", "gpt-5", "x")] == [4, 3, 2, 1]


def test_a_providers_own_price_beats_the_general_one():
    book = Book([entry("gpt-4o", 1), entry("gpt-*", 2, provider="azure")])
    assert price(book, "gpt-4o", provider="azure") == 2
    assert price(book, "gpt-4o", provider="openai") == 1


def test_a_price_holds_from_its_moment_on():
    book = Book([entry("m", 1), entry("m", 2, at=START + timedelta(days=10))])
    assert price(book, "m", at=START - timedelta(seconds=1)) is None
    assert price(book, "m", at=START) == 1
    assert price(book, "m", at=START + timedelta(days=10)) == 2


def test_a_long_prompt_may_have_a_price_of_its_own():
    book = Book([entry("m", 1), entry("m", 2, above=1000)])
    assert [price(book, "m", prompt=tokens) for tokens in (0, 1000, 1001)] == [1, 1, 2]


def test_a_tier_has_its_own_price_or_none():
    book = Book([entry("m", 2), entry("m", 1, tier="flex")])
    assert price(book, "m", tier="flex") == 1
    assert price(book, "m", tier="priority") is None
    assert price(book, "m", tier="on_demand") == 2


def test_the_first_name_that_has_a_price_counts():
    book = Book([entry("served", 1), entry("asked", 2)])
    assert price(book, "served", "asked") == 1
    assert price(book, None, "", "unknown", "asked") == 2
    assert price(book, "unknown") is None


def test_a_vendors_prefix_is_left_out_when_it_helps():
    book = Book([entry("gpt-4o", 1), entry("special/gpt-4o", 2)])
    assert price(book, "openai/gpt-4o") == 1
    assert price(book, "special/gpt-4o") == 2


@pytest.mark.parametrize("name", ["a[b]c", "a?c", "a.c", "(("])
def test_only_the_star_is_special(name):
    assert price(Book([entry(name, 1)]), name) == 1
    assert price(Book([entry("a.c", 1)]), "abc") is None


def test_names_from_outside_fill_no_memory():
    book = Book([entry("*", 1)])
    for number in range(MOST_REMEMBERED + 10):
        assert price(book, f"m-{number}") == 1
    assert len(book._found) <= MOST_REMEMBERED
