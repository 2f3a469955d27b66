from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy.access import cors, policy
from proxy.access.cors import Origins
from proxy.configuration.configuration import NO_POLICY, Key, Policy, Project, Provider, Snapshot
from proxy.errors import RelayError
from tests.proxy.calls import call, settings

MINE, THEIRS, DEFAULT, OTHER = (f"https://{name}.example" for name in ("mine", "theirs", "default", "other"))


def key_with(*origins: str, is_active: bool = True) -> Key:
    given = policy.parse({"allowed_origins": list(origins)})
    return Key("1", "credential", "app", "sk", project=Project("p", "Shop", is_active, policy=given))


def snapshot(*keys: Key, everybody: Policy = NO_POLICY) -> Snapshot:
    return Snapshot(1, {str(n).encode(): key for n, key in enumerate(keys)}, (), settings(everybody))


def preflight(
    origin: str, *keys: Key, asked: str = "authorization, content-type", **more: Any
) -> dict[str, str]:
    headers = (("Origin", origin), ("Access-Control-Request-Method", "POST"))
    if asked:
        headers += (("Access-Control-Request-Headers", asked),)
    found = cors.preflight(call("OPTIONS", headers=headers), Origins((DEFAULT,)), snapshot(*keys, **more))
    return {name.decode(): value.decode() for name, value in found}


def answer(origin: str | None, key: Key | None, *others: Key, **more: Any) -> dict[str, str]:
    asked = call(headers=(("Origin", origin),) if origin is not None else ())
    keys = (key, *others) if key else others
    found = cors.headers(asked, key, Origins((DEFAULT,)), snapshot(*keys, **more))
    return {name.decode(): value.decode() for name, value in found}


def test_a_preflight_is_answered_with_all_that_a_browser_asks() -> None:
    assert preflight(MINE, key_with(MINE)) == {
        "access-control-allow-origin": MINE,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


@pytest.mark.parametrize("origin", [MINE, THEIRS, DEFAULT])
def test_a_preflight_is_allowed_to_whatever_anybody_lists(origin: str) -> None:
    found = preflight(origin, key_with(MINE), key_with(THEIRS), Key("2", "credential", "x", "x"))
    assert found["access-control-allow-origin"] == origin


def test_patterns_hold_for_preflights_too() -> None:
    assert preflight("https://a.b.example", key_with("https://*.b.example"))
    assert preflight("null", key_with("*"))["access-control-allow-origin"] == "null"


def test_an_origin_in_the_policy_of_all_is_allowed() -> None:
    assert preflight(OTHER, everybody=policy.parse({"allowed_origins": [OTHER]}))


def test_an_origin_in_the_policy_of_a_provider_is_allowed() -> None:
    given = policy.parse({"allowed_origins": [OTHER]})
    provider = Provider(1, "default", "openai", "https://x.test", "sk", policy=given)
    known = replace(snapshot(key_with()), providers=(provider,))
    asked = call("OPTIONS", headers=(("Origin", OTHER), ("Access-Control-Request-Method", "POST")))
    for found in (
        cors.preflight(asked, Origins(()), known),
        cors.headers(asked, key_with(), Origins(()), known),
    ):
        assert (b"access-control-allow-origin", OTHER.encode()) in found


@pytest.mark.parametrize("keys", [(), (key_with(MINE),), (key_with(OTHER, is_active=False),)])
def test_a_preflight_that_nobody_lists_is_refused_in_words(keys: tuple[Key, ...]) -> None:
    with pytest.raises(RelayError) as caught:
        preflight(OTHER, *keys)
    assert (caught.value.status, caught.value.code) == (403, "origin_not_allowed")
    assert MINE not in caught.value.message


@pytest.mark.parametrize("asked", ["", "x y", "a\r\nb: c", "a,,b", "ä"])
def test_names_that_are_none_are_not_echoed(asked: str) -> None:
    assert "access-control-allow-headers" not in preflight(MINE, key_with(MINE), asked=asked)


def test_an_options_that_is_no_preflight_says_what_there_is() -> None:
    found = cors.preflight(call("OPTIONS"), Origins(()), snapshot())
    assert found == [(b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")]


def test_what_is_listed_is_gathered_again_when_the_keys_change() -> None:
    origins, before = Origins(()), snapshot(key_with(MINE))
    assert origins.anybodys(before) == (MINE,)
    assert origins.anybodys(snapshot(key_with(THEIRS))) == (THEIRS,)
    assert origins.anybodys(before) == (MINE,)


def test_an_answer_to_an_allowed_page_can_be_read_there() -> None:
    found = answer(MINE, key_with(MINE))
    assert found["access-control-allow-origin"] == MINE
    assert found["vary"] == "Origin"
    exposed = found["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "x-relay-request-id", "retry-after", "x-ratelimit-remaining-tokens"} <= set(
        exposed
    )
    assert "access-control-allow-credentials" not in found


def test_an_answer_to_no_page_says_nothing_of_pages() -> None:
    assert answer(None, key_with(MINE)) == {}


@pytest.mark.parametrize(
    ("origin", "key", "is_readable"),
    [
        (MINE, key_with(MINE), True),
        (THEIRS, key_with(MINE), False),
        (DEFAULT, key_with(MINE), False),
        (DEFAULT, key_with(), True),
        (DEFAULT, Key("2", "credential", "x", "x"), True),
        (THEIRS, Key("2", "credential", "x", "x"), False),
        (THEIRS, None, True),
        (OTHER, None, False),
    ],
)
def test_who_may_read_an_answer(origin: str, key: Key | None, is_readable: bool) -> None:
    found = answer(origin, key, key_with(THEIRS))
    assert ("access-control-allow-origin" in found) is is_readable
    assert found["vary"] == "Origin"


def test_the_lists_of_all_and_of_the_project_must_both_have_the_origin() -> None:
    everybody = policy.parse({"allowed_origins": [MINE, OTHER]})
    assert "access-control-allow-origin" in answer(MINE, key_with(MINE, THEIRS), everybody=everybody)
    assert "access-control-allow-origin" not in answer(THEIRS, key_with(MINE, THEIRS), everybody=everybody)
