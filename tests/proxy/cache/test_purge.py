from __future__ import annotations

import pytest

from proxy.cache.entry import Label
from proxy.cache.purge import of_criteria

LABEL = Label("POST", "/v1/chat/completions", "a=1", ("fast", "gpt-4o"), "p1", ("beta",), "main")


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, True),
        ({"method": "post", "url": "/v1/chat/completions"}, True),
        ({"url": "https://relay.example.com/v1/chat/completions/"}, True),
        ({"url": "/v1/chat/completions?a=1"}, True),
        ({"url": "/v1/chat/completions?a=2"}, False),
        ({"url": "/v1/chat"}, False),
        ({"method": "GET"}, False),
        ({"prefix": "/v1/chat"}, True),
        ({"prefix": "/v1/models"}, False),
        ({"model": "fast"}, True),
        ({"model": "gpt-4o"}, True),
        ({"model": "gpt"}, False),
        ({"project": "p1", "tag": "beta"}, True),
        ({"project": "p2", "tag": "beta"}, False),
        ({"provider": "main", "model": "fast"}, True),
        ({"provider": "second"}, False),
    ],
    ids=str,
)
def test_all_that_is_named_must_fit(criteria: dict[str, str], expected: bool) -> None:
    assert of_criteria(criteria).fits(LABEL) is expected


def test_what_was_asked_before_a_purge_is_not_kept_after_it() -> None:
    purge = of_criteria({"model": "gpt-4o"}, 1, 100.0)
    assert purge.forbids(LABEL, 99.0) and not purge.forbids(LABEL, 101.0)
    assert not of_criteria({"model": "other"}, 1, 100.0).forbids(LABEL, 99.0)
    assert purge.criteria == {"model": "gpt-4o"}


def test_a_head_is_answered_from_what_a_get_brought() -> None:
    assert of_criteria({"method": "HEAD", "prefix": "/v1"}).fits(LABEL._replace(method="GET"))
