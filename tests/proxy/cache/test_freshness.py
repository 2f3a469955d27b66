from __future__ import annotations

import uuid
from email.utils import formatdate

import pytest
import time_machine
from hishel import CacheMiss, CouldNotBeStored, Entry, FromCache, Headers, IdleClient, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache import directives, freshness
from proxy.cache.freshness import Grant, Terms, Use

NOW = 1_800_000_000.0
HOUR = Grant(3600)


def terms(value: str, grant: Grant | None = None, status: int = 200, **more: str) -> Terms | str:
    headers = [(b"cache-control", value.encode())] if value else []
    headers += [(name.replace("_", "-").encode(), text.encode()) for name, text in more.items()]
    return freshness.terms(status, headers, grant, 300, asked_at=NOW, received_at=NOW)


def lifetime(value: str, grant: Grant | None = None, **more: str) -> float | None:
    found = terms(value, grant, **more)
    return found.lifetime if isinstance(found, Terms) else None


def test_a_lifetime_is_named_by_the_first_who_names_one() -> None:
    assert lifetime("public, max-age=60, s-maxage=7") == 7
    assert lifetime("public, max-age=60", expires=formatdate(NOW + 5)) == 60
    assert lifetime("public", expires=formatdate(NOW + 5), date=formatdate(NOW)) == 5
    assert lifetime("public", expires="0") == 0
    assert lifetime("public") == 300  # HTTP_CACHE_DEFAULT_TTL
    assert lifetime("") is None  # which makes nothing cacheable
    assert lifetime("max-age=60") is None  # a call brings a key


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", 3600),
        ("no-cache", 3600),
        ("no-cache, must-revalidate", 3600),
        ("max-age=0", 3600),
        ("max-age=60", 60),
        ("s-maxage=9, max-age=60", 9),
        ("no-store", None),
        ("private, max-age=60", None),
    ],
)
def test_a_grant_stands_for_a_lifetime_and_against_no_prohibition(value: str, expected: float | None) -> None:
    assert lifetime(value, HOUR) == expected


def test_only_a_plain_success_is_kept() -> None:
    for status in (201, 204, 206, 301, 304, 404, 429, 500):
        assert isinstance(terms("public, max-age=60", HOUR, status), str)
    assert isinstance(terms("public, max-age=60", HOUR, vary="accept, *"), str)


def test_age_counts_what_was_spent_elsewhere() -> None:
    late = freshness.terms(
        200,
        [(b"cache-control", b"public, max-age=60"), (b"age", b"20"), (b"date", formatdate(NOW - 5).encode())],
        None,
        300,
        asked_at=NOW - 3,
        received_at=NOW,
    )
    assert isinstance(late, Terms) and late.initial_age == 23
    assert late.age(NOW + 10) == 33 and late.remaining(NOW + 10) == 27


def use(said: str, wish: str, after: float) -> Use:
    found = terms(said)
    assert isinstance(found, Terms)
    return freshness.judge(found, directives.parse(wish.encode()), NOW + after)


@pytest.mark.parametrize(
    ("said", "wish", "after", "expected"),
    [
        ("public, max-age=60", "", 59, Use.FRESH),
        ("public, max-age=60", "", 60, Use.NEVER),
        ("public, max-age=60", "no-cache", 1, Use.NEVER),
        ("public, max-age=60", "max-age=10", 11, Use.NEVER),
        ("public, max-age=60", "max-age=10", 10, Use.FRESH),
        ("public, max-age=60", "min-fresh=10", 51, Use.NEVER),
        ("public, max-age=60", "min-fresh=10", 50, Use.FRESH),
        ("public, max-age=60", "max-stale=10", 70, Use.STALE),
        ("public, max-age=60", "max-stale=10", 71, Use.NEVER),
        ("public, max-age=60", "max-stale", 9999, Use.STALE),
        ("public, max-age=60, must-revalidate", "max-stale", 61, Use.NEVER),
        ("public, max-age=60, proxy-revalidate", "max-stale", 61, Use.NEVER),
        ("s-maxage=60", "max-stale", 61, Use.NEVER),
        ("public, max-age=60, no-cache", "", 1, Use.NEVER),
        ("public, max-age=60, stale-while-revalidate=30", "", 89, Use.BEHIND),
        ("public, max-age=60, stale-while-revalidate=30", "", 90, Use.NEVER),
        ("public, max-age=60, stale-while-revalidate=30", "max-age=70", 80, Use.NEVER),
    ],
)
def test_whether_it_may_be_used_now(said: str, wish: str, after: float, expected: Use) -> None:
    assert use(said, wish, after) is expected


def test_a_stale_one_stands_in_only_where_that_is_allowed() -> None:
    def stands_in(said: str, wish: str, after: float) -> bool:
        found = terms(said)
        assert isinstance(found, Terms)
        return freshness.outlasts_error(found, directives.parse(wish.encode()), NOW + after)

    assert stands_in("public, max-age=60, stale-if-error=30", "", 89)
    assert not stands_in("public, max-age=60, stale-if-error=30", "", 90)
    assert not stands_in("public, max-age=60", "", 61)
    assert stands_in("public, max-age=60", "stale-if-error=30", 61)
    assert not stands_in("public, max-age=60, must-revalidate, stale-if-error=30", "", 61)


ANSWERS = st.lists(
    st.sampled_from(
        [
            "public", "private", "no-store", "no-cache", "must-revalidate", "max-age=0", "max-age=50",
            "max-age=500", "s-maxage=0", "s-maxage=70", "no-transform",
        ]
    ),
    max_size=4,
    unique_by=lambda directive: directive.partition("=")[0],
).map(", ".join)  # fmt: skip
AGES = st.sampled_from([0, 10, 49, 51, 69, 71, 499, 501])


@given(ANSWERS, st.sampled_from([200, 206, 304]))
def test_what_is_kept_a_state_machine_of_rfc_9111_would_keep(value: str, status: int) -> None:
    """hishel also keeps for `must-revalidate` alone, which RFC 9111 allows; the relay asks for more."""
    request = Request("GET", "https://relay.test/v1/models", Headers({"authorization": "Bearer k"}))
    state = CacheMiss(request=request, options={"shared": True})
    stored = not isinstance(state.next(Response(status, Headers({"cache-control": value}))), CouldNotBeStored)
    ours = isinstance(terms(value, status=status), Terms)
    is_asked_more = "must-revalidate" in value and "public" not in value and "s-maxage" not in value
    assert ours == (stored and not is_asked_more)


@given(ANSWERS, AGES, st.sampled_from(["", "no-cache", "max-age=1000"]))
def test_what_is_used_it_would_use(value: str, age: int, wish: str) -> None:
    found = terms(value, date=formatdate(NOW, usegmt=True))
    if not isinstance(found, Terms):
        return
    if not any(name in value for name in ("max-age", "s-maxage")):
        return  # the default is the relay's own
    headers = {"authorization": "Bearer k"} | ({"cache-control": wish} if wish else {})
    request = Request("GET", "https://relay.test/v1/models", Headers(headers))
    answer = Response(200, Headers({"cache-control": value, "date": formatdate(NOW, usegmt=True)}))
    with time_machine.travel(NOW + age, tick=False):
        state = IdleClient(options={"shared": True}).next(request, [Entry(uuid.uuid4(), request, answer)])
    ours = freshness.judge(found, directives.parse(wish.encode()), NOW + age)
    assert (ours is Use.FRESH) == isinstance(state, FromCache)
