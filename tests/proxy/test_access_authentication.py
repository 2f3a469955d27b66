from __future__ import annotations

import time
from dataclasses import replace

import pytest

from accounts.secrets import keys
from proxy.access import authentication
from proxy.configuration.configuration import Project, Snapshot
from proxy.errors import RelayError
from tests.proxy.lanes import SECRET, SETTINGS, Configuration, key

Headers = list[tuple[bytes, bytes]]
BEARER: Headers = [(b"authorization", b"Bearer " + SECRET.encode())]


def configuration(*secrets: str) -> Configuration:
    known = {keys.digest(secret): key(name=secret) for secret in secrets}
    return Configuration(Snapshot(1, known, (), SETTINGS))


async def code_of(headers: Headers, known: Configuration) -> tuple[int, str]:
    with pytest.raises(RelayError) as caught:
        await authentication.authenticate(headers, known)  # type: ignore[arg-type]
    return caught.value.status, caught.value.code


ACCEPTED: list[Headers] = [
    BEARER,
    [(b"authorization", b"bearer   " + SECRET.encode() + b" ")],
    [(b"x-api-key", SECRET.encode())],
    [(b"api-key", SECRET.encode())],
    [(b"authorization", b"Basic dXNlcjpwYXNz"), (b"api-key", SECRET.encode())],
    [(b"authorization", b"Bearer "), (b"x-api-key", SECRET.encode())],
]


@pytest.mark.parametrize("headers", ACCEPTED)
async def test_a_key_is_taken_from(headers: Headers) -> None:
    found = await authentication.authenticate(headers, configuration(SECRET))  # type: ignore[arg-type]
    assert found.name == SECRET


PRECEDENCE: list[tuple[Headers, bytes]] = [
    ([(b"api-key", b"3"), (b"x-api-key", b"2"), (b"authorization", b"Bearer 1")], b"1"),
    ([(b"api-key", b"3"), (b"x-api-key", b"2")], b"2"),
    ([(b"api-key", b"3"), (b"api-key", b"4")], b"3"),
    ([(b"x-api-key", b""), (b"api-key", b"3")], b"3"),
]


@pytest.mark.parametrize(("headers", "secret"), PRECEDENCE)
def test_the_first_header_that_is_present_counts(headers: Headers, secret: bytes) -> None:
    assert authentication.find_secret(headers) == secret


async def test_a_wrong_bearer_is_not_saved_by_a_right_key_beside_it() -> None:
    headers = [(b"authorization", b"Bearer wrong"), (b"x-api-key", SECRET.encode())]
    assert await code_of(headers, configuration(SECRET)) == (401, "token_not_found")


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Bearer")], [(b"authorization", b"")]])
async def test_without_a_key_it_is_401(headers: Headers) -> None:
    known = configuration(SECRET)
    assert await code_of(headers, known) == (401, "missing_api_key")
    assert known.refreshes == 0


async def test_zero_keys_never_mean_open() -> None:
    assert await code_of(BEARER, configuration()) == (401, "token_not_found")
    assert await code_of([], configuration()) == (401, "missing_api_key")


async def test_an_unknown_key_is_looked_up_once_more_before_401() -> None:
    known = configuration()
    known.arriving = {keys.digest(SECRET): key(name="just made")}
    found = await authentication.authenticate(BEARER, known)  # type: ignore[arg-type]
    assert (found.name, known.refreshes) == ("just made", 1)


async def test_a_known_key_needs_no_database() -> None:
    known = configuration(SECRET)
    known.is_away = True
    await authentication.authenticate(BEARER, known)  # type: ignore[arg-type]
    assert known.refreshes == 0


async def test_an_unknown_key_is_503_while_the_database_is_away() -> None:
    known = configuration()
    known.is_away = True
    assert await code_of(BEARER, known) == (503, "keys_unavailable")


async def test_the_refusal_shows_no_more_than_the_beginning_of_the_key() -> None:
    with pytest.raises(RelayError) as caught:
        await authentication.authenticate(BEARER, configuration())  # type: ignore[arg-type]
    assert keys.shown_prefix(SECRET) in caught.value.message
    assert SECRET not in caught.value.message


async def test_a_key_may_contain_any_letter() -> None:
    secret = "schlüssel-ключ-鍵"
    headers = [(b"authorization", b"Bearer " + secret.encode())]
    found = await authentication.authenticate(headers, configuration(secret))  # type: ignore[arg-type]
    assert found.name == secret


async def test_bytes_that_are_no_text_are_an_unknown_key() -> None:
    assert await code_of([(b"api-key", b"\xff\xfe\xfd\xfc\xfb\xfa")], configuration()) == (
        401,
        "token_not_found",
    )


UNUSABLE = [
    (key(is_active=False), 401, "token_inactive"),
    (key(expires_at=time.time() - 1), 401, "token_expired"),
    (key(project=Project("p", "Shop", is_active=False)), 403, "project_inactive"),
]


@pytest.mark.parametrize(("known", "status", "code"), UNUSABLE)
def test_a_known_key_may_be_unusable(known, status: int, code: str) -> None:
    with pytest.raises(RelayError) as caught:
        authentication.check(known)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_key_is_not_said_to_have_expired_where_it_has_a_new_secret() -> None:
    with pytest.raises(RelayError) as caught:
        authentication.check(key(expires_at=time.time() - 1, is_former=True))
    assert (caught.value.status, caught.value.code) == (401, "token_expired")
    assert "'mine' was replaced by a new one" in caught.value.message


def test_expiry_is_compared_with_the_clock_of_now() -> None:
    soon = key(expires_at=time.time() + 0.05)
    authentication.check(soon)
    time.sleep(0.06)
    with pytest.raises(RelayError):
        authentication.check(soon)
    authentication.check(replace(soon, expires_at=None))
