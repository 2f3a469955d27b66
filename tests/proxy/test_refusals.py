from __future__ import annotations

import inspect
import re

import pytest

from proxy import errors, refusals
from proxy.errors import RelayError
from tests.running import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SAMPLES = {"str": "Text.", "int": 7, "int | None": 7, "str | None": "Text.", "Patterns": ("a*", "b")}
LONG = "\ud800" + "x" * 100_000


def made(samples: dict[str, object]) -> dict[str, RelayError]:
    """One error of each kind, by the name of the function that makes it."""
    found = {}
    for name, function in inspect.getmembers(refusals, inspect.isfunction):
        signature = inspect.signature(function)
        if function.__module__ == refusals.__name__ and signature.return_annotation == "RelayError":
            found[name] = function(*(samples[p.annotation] for p in signature.parameters.values()))
    return found


ALL = made(SAMPLES)


@pytest.mark.parametrize("error", ALL.values(), ids=ALL)
def test_every_refusal_is_documented_with_its_status(error: RelayError) -> None:
    assert re.search(rf"^\| `{error.code}` \| {error.status} \| .{{10,}} \| .{{5,}} \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("error", ALL.values(), ids=ALL)
def test_every_refusal_is_a_whole_sentence(error: RelayError) -> None:
    assert error.message[0].isupper()
    assert error.message.rstrip()[-1] == "."


# With something in them that came from outside.
QUOTING = [
    "model_not_allowed", "param_not_allowed", "origin_not_allowed", "endpoint_not_found", "policy_unusable",
    "no_such_page", "no_such_record", "wrong_days",
]  # fmt: skip


@pytest.mark.parametrize("name", QUOTING)
def test_what_a_client_sent_is_shown_short_and_as_what_can_be_sent(name: str) -> None:
    error = made(SAMPLES | {"str": LONG, "str | None": LONG, "Patterns": (LONG,) * 100})[name]
    assert len(error.as_body("/v1/chat/completions", "id")) < 20_000


def test_a_parameter_that_may_not_be_given_at_all_is_said_so() -> None:
    assert "Allowed patterns: none; leave it out." in refusals.param_not_allowed("tools", None, ()).message


@pytest.mark.parametrize("name", ["rate_limited", "too_many_questions", "records_unavailable"])
def test_what_waiting_cures_says_when_to_come_back(name: str) -> None:
    assert (b"retry-after", b"1") in ALL[name].headers


def test_no_name_is_made_twice() -> None:
    assert not set(ALL) & {name for name, _ in inspect.getmembers(errors, inspect.isfunction)}
