from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.routing import mapping
from proxy.routing.mapping import Target

SEVERAL = {
    "gpt-4o": "gpt-4o-2024-11-20",
    "gpt-*": "openai/gpt-*",
    "gpt-4*": "four",
    "openai/(.*)": "\\1",
    "(.*)-(mini|nano)": "\\2/\\1",
    "claude[1m]": "claude-long",
    "plain": "*",
    "*": {"mapped_model": "rest", "max_tokens": 8192},
}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("gpt-4o", "gpt-4o-2024-11-20"),
        ("gpt-4.1", "four"),
        ("gpt-5", "openai/gpt-5"),
        ("openai/o3", "o3"),
        ("qwen-mini", "mini/qwen"),
        ("claude[1m]", "claude-long"),
        ("plain", "plain"),
        ("anything", "rest"),
    ],
)
def test_a_name_wins_then_the_most_specific_pattern(asked: str, sent: str) -> None:
    target = mapping.compile(SEVERAL).upstream(asked)
    assert target is not None
    assert target.name == sent
    assert (target.metadata == {"max_tokens": 8192}) == (sent == "rest")


def test_only_what_is_named_is_served_and_everything_where_nothing_is() -> None:
    assert mapping.compile({"a": "b"}).upstream("b") is None
    assert mapping.compile({}).upstream("b") == Target("b")
    assert mapping.compile({"*": "*"}).upstream("b") == Target("b")
    assert mapping.compile({"x-*": {"supports_vision": True}}).upstream("x-1") == Target(
        "x-1", {"supports_vision": True}
    )


def test_a_filling_that_leaves_no_name_is_no_match() -> None:
    assert mapping.compile({"openai/(.*)": "\\1"}).upstream("openai/") is None


def test_only_plain_names_are_listed() -> None:
    assert list(mapping.compile(SEVERAL).listed()) == ["gpt-4o", "plain"]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ([], "object"),
        ({" ": "x"}, "without a name"),
        ({"a": 3}, "provider's name"),
        ({"a": ""}, "provider's name"),
        ({"a": "x" * 501}, "longer"),
        ({"a": "b\nc"}, "cannot be seen"),
        ({"a": "b*"}, "more *"),
        ({"a*": "b*c*"}, "more *"),
        ({"a(.)": "\\2"}, "group 2"),
        ({"a*": "\\0"}, "group 0"),
        ({"(?=a)": "b"}, "'(?=a)' is no regular expression"),
        ({"a": {"mapped_model": 3}}, "provider's name"),
        ({"a": {"max_tokens": 0}}, "'max_tokens' of 'a' must be a whole number"),
        ({"a": {"max_tokens": True}}, "whole number"),
        ({"a": {"input_cost_per_1k_tokens": -1}}, "price"),
        ({"a": {"input_cost_per_1k_tokens": float("nan")}}, "price"),
        ({"a": {"supports_vision": "yes"}}, "true or false"),
        ({"a": {"mode": 1}}, "word"),
        ({"a": {"max_toknes_": 1, "colour": 1}}, "'colour' of 'a' is unknown"),
    ],
)
def test_what_cannot_work_is_refused_in_words(given_: Any, words: str) -> None:
    assert words in str(mapping.refusal_of(given_))
    with pytest.raises(mapping.BadMapping):
        mapping.compile(given_)


def test_all_the_metadata_of_earlier_systems_is_taken() -> None:
    metadata = {
        "max_tokens": 1,
        "max_input_tokens": 1,
        "max_output_tokens": 1,
        "input_cost_per_1k_tokens": 0.5,
        "output_cost_per_1k_tokens": 0,
        **{f"supports_{what}": False for what in ("vision", "function_calling", "streaming", "pdf_input")},
        "mode": "chat",
    }
    assert mapping.compile({"a": {"mapped_model": "b", **metadata}}).upstream("a") == Target("b", metadata)


KEYS = st.text("abc-*", min_size=1, max_size=6).filter(lambda text: ".*" not in text)
NAMES = st.text("abc-", min_size=1, max_size=8)


@given(st.dictionaries(KEYS, st.just("x"), min_size=1), NAMES, st.randoms())
def test_the_order_of_writing_never_matters(given_: dict[str, str], name: str, random: Any) -> None:
    given_ = {key: f"to {key.replace('*', '~')}" for key in given_}
    shuffled = list(given_.items())
    random.shuffle(shuffled)
    target = mapping.compile(given_).upstream(name)
    assert mapping.compile(dict(shuffled)).upstream(name) == target
    if name in given_:
        assert target == Target(given_[name])
    if target is None:
        assert "*" not in given_


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8)), st.text(max_size=8))
def test_whatever_is_accepted_on_save_works_for_every_name(given_: dict[str, str], name: str) -> None:
    if mapping.refusal_of(given_) is None:
        target = mapping.compile(given_).upstream(name)
        assert target is None or target.name or not name


@pytest.mark.parametrize(
    ("given_", "upstream", "asking"),
    [
        ({"openai/*": "\\1"}, "gpt-4o", {"openai/gpt-4o"}),
        ({"openai/(.*)": "\\1"}, "gpt-4o", {"openai/gpt-4o"}),
        ({"gpt\\-4\\.(.*)": "x-*-y"}, "x-1-y", {"gpt-4.1"}),
        ({"gpt-*": "*"}, "gpt-4o", {"gpt-4o"}),
        ({"gpt-*": "*"}, "o3", set()),
        ({"(a|b)(.*)": "\\2"}, "x", set()),
        ({"a*b*": "*"}, "ab", {"ab"}),
        ({"openai/*": "\\1", "openai/gpt-*": "other"}, "gpt-4o", set()),
        ({"*": "one"}, "one", {"one"}),
    ],
)
def test_the_names_that_lead_to_one_of_the_providers_are_known(
    given_: dict[str, str], upstream: str, asking: set[str]
) -> None:
    assert mapping.compile(given_).asking(upstream) == asking
