from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.routing import modelpatterns

GLOBS = st.text("ab.*/-", max_size=8).filter(lambda text: "*" in text and ".*" not in text)
NAMES = st.text("ab./-", max_size=12)


@given(GLOBS, NAMES)
def test_a_glob_fits_what_its_stars_can_be_filled_to(glob: str, name: str) -> None:
    as_regex = ".*".join(map(re.escape, glob.split("*")))
    assert modelpatterns.compile(glob).matches(name) == bool(re.fullmatch(as_regex, name, re.DOTALL))


@given(GLOBS, NAMES)
def test_what_the_stars_stand_for_filled_in_again_is_the_name(glob: str, name: str) -> None:
    groups = modelpatterns.compile(glob).groups_in(name)
    if groups is not None:
        pieces = glob.split("*")
        filled = "".join(piece + (group or "") for piece, group in zip(pieces, [*groups, ""], strict=True))
        assert filled == name


@given(st.text())
def test_any_text_is_compiled_or_refused_in_words_and_no_name_breaks_it(text: str) -> None:
    try:
        pattern = modelpatterns.compile(text)
    except modelpatterns.BadPattern as error:
        assert str(error)
    else:
        assert pattern.matches("a name\ud800") in (True, False)
        assert pattern.matches("") == (pattern.groups_in("") is not None)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("gpt-4.1", True),
        ("ft:gpt-4o:org::id", True),
        ("meta/llama:free", True),
        ("what+is-this", True),
        ("gpt-*", False),
        ("gpt-4.*", False),
        ("gpt-(4o|5)", False),
        ("claude[1m]", False),
        ("^gpt", False),
        ("mini$", False),
    ],
)
def test_a_name_is_told_from_a_pattern(text: str, plain: bool) -> None:
    assert modelpatterns.is_plain(text) is plain


@pytest.mark.parametrize(
    ("text", "fits", "fits_not"),
    [
        ("gpt-4.1*", "gpt-4.1-mini", "gpt-401-mini"),
        ("gpt-4.*", "gpt-4o", "gpt-3"),
        ("(gpt|o)-.+", "o-1", "xo-1"),
        ("^o[134]$", "o3", "o3-mini"),
        ("(?i)gpt-.*", "GPT-4", "PT-4"),
        ("\\Qa.b\\E.*", "a.bc", "axbc"),
        ("模型-*", "模型-大", "模-大"),
    ],
)
def test_a_pattern_is_about_the_whole_name(text: str, fits: str, fits_not: str) -> None:
    pattern = modelpatterns.compile(text)
    assert pattern.matches(fits)
    assert not pattern.matches(fits_not)
    assert not pattern.matches(f" {fits}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(?=gpt).*", "ahead or behind"),
        ("(?<!x)gpt.*", "ahead or behind"),
        ("gpt-[4", "missing ]"),
        ("gpt-(.*", "missing )"),
        ("(a{1000}){1000}", "repetition"),
        ("x*" * 300, "longer than"),
        ("(\ud800)", "characters"),
    ],
)
def test_a_bad_pattern_is_refused_in_words(text: str, words: str) -> None:
    assert not modelpatterns.is_plain(text)
    with pytest.raises(modelpatterns.BadPattern, match=re.escape(words)):
        modelpatterns.compile(text)


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+b", "(.*)*x", "a*" * 100 + "b", "(a?){100}a{100}"])
def test_no_pattern_takes_long_for_any_name(text: str) -> None:
    pattern = modelpatterns.compile(text)
    began = time.perf_counter()
    pattern.matches("a" * (modelpatterns.LONGEST_NAME - 1) + "!")
    assert time.perf_counter() - began < 2  # a backtracking engine would need longer than the universe


def test_no_pattern_fits_a_name_beyond_reason() -> None:
    pattern = modelpatterns.compile("a*")
    assert pattern.matches("a" * modelpatterns.LONGEST_NAME)
    assert not pattern.matches("a" * (modelpatterns.LONGEST_NAME + 1))


def test_the_most_specific_comes_first_however_they_were_written() -> None:
    texts = ["*", "gpt-*", "gpt-4*", "gpt-(.*)", ".*"]
    for order in (texts, texts[::-1]):
        ranked = sorted(map(modelpatterns.compile, order), key=lambda pattern: pattern.rank)
        assert [pattern.text for pattern in ranked] == ["gpt-4*", "gpt-*", "gpt-(.*)", "*", ".*"]


REGEXES = st.recursive(
    st.sampled_from(["a", "b", "/", ".", "[ab]", "[^a]", "\\.", "(?i)a", "^", "$", "", "é"]),
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | inner.map(lambda text: f"({text})*")
        | inner.map(lambda text: f"({text})?")
    ),
    max_leaves=6,
)


@given(REGEXES, st.text("abA./é", max_size=6))
def test_a_regular_expression_means_what_it_means_elsewhere(text: str, name: str) -> None:
    """Also where only names that begin like it are compared with it."""
    if (
        modelpatterns.is_plain(text)
        or "*" not in text
        or text.count("(?i)")
        or not re.search(r"\(.*\)", text)
    ):
        return
    pattern = modelpatterns.compile(text)
    assert pattern.matches(name) == bool(re.fullmatch(text, name))
    if pattern.matches(name):
        assert name.startswith(pattern.start)
