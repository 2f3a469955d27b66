"""Keys through a running relay: what other processes change holds here, and what a lost database costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from accounts.secrets import keys
from proxy.simulator import Simulator
from tests.proxy import wires
from tests.proxy.wires import Heard, Wire
from tests.running import Relay
from tests.waiting import until

INSERT = (
    "INSERT INTO accounts_credential "
    "(name, digest, prefix, rotation_run, allowed_models, is_enabled, created_at, updated_at) "
    "VALUES ('{name}', {digest}, 'sk-…', '', '[]', {is_enabled}, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
)


class Elsewhere:
    """Another process that writes to the relay's database."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._is_postgresql = bool(relay.environ["DATABASE_URL"])

    def execute(self, sql: str) -> None:
        with closing(wires.open_database(self._relay)) as connection:
            connection.execute(sql)
            connection.commit()

    def add(self, secret: str, *, is_enabled: bool = True) -> None:
        digest = keys.digest(secret).hex()
        literal = f"'\\x{digest}'::bytea" if self._is_postgresql else f"X'{digest}'"
        self.execute(f"DELETE FROM accounts_credential WHERE name = '{secret}'")
        flag = str(is_enabled if self._is_postgresql else int(is_enabled))
        self.execute(INSERT.format(name=secret, digest=literal, is_enabled=flag))

    def set(self, secret: str, **columns: str) -> None:
        changes = ", ".join(f"{name} = {value}" for name, value in columns.items())
        self.execute(f"UPDATE accounts_credential SET {changes} WHERE name = '{secret}'")


@pytest.fixture
def elsewhere(relay_server: Relay) -> Elsewhere:
    return Elsewhere(relay_server)


@pytest.fixture
def wire(relay_server: Relay) -> Iterator[Wire]:
    with wires.connected(relay_server) as made:
        yield made


def ask(wire: Wire, secret: str | None, *lines: str) -> Heard:
    return wire.ask("GET", "/v1/models", None, *lines, secret=secret)


def test_a_key_made_elsewhere_works_on_its_first_call(wire: Wire, elsewhere: Elsewhere) -> None:
    for number in range(5):
        elsewhere.add(f"sk-first-call-{number}")
        assert ask(wire, f"sk-first-call-{number}").status == 200


def refusal(wire: Wire, secret: str, record_property: Callable[[str, object], None]) -> Heard:
    """The first one; what is said after a second counts, whatever it is."""
    began = time.monotonic()
    while (heard := ask(wire, secret)).status == 200 and time.monotonic() - began < 1:
        time.sleep(0.02)
    record_property("ms", (time.monotonic() - began) * 1000)
    return heard


@pytest.mark.conformance("guarantee", 5)
def test_a_key_disabled_elsewhere_stops_within_a_second(
    wire: Wire, elsewhere: Elsewhere, record_property: Callable[[str, object], None]
) -> None:
    elsewhere.add("sk-to-be-disabled")
    assert ask(wire, "sk-to-be-disabled").status == 200
    elsewhere.set("sk-to-be-disabled", is_enabled="false")
    heard = refusal(wire, "sk-to-be-disabled", record_property)
    assert (heard.status, heard.code) == (401, "token_inactive")
    elsewhere.set("sk-to-be-disabled", is_enabled="true")
    time.sleep(1)
    assert ask(wire, "sk-to-be-disabled").status == 200


@pytest.mark.conformance("guarantee", 5)
def test_a_key_deleted_elsewhere_stops_within_a_second(
    wire: Wire, elsewhere: Elsewhere, record_property: Callable[[str, object], None]
) -> None:
    elsewhere.add("sk-to-be-deleted")
    assert ask(wire, "sk-to-be-deleted").status == 200
    elsewhere.execute("DELETE FROM accounts_credential WHERE name = 'sk-to-be-deleted'")
    heard = refusal(wire, "sk-to-be-deleted", record_property)
    assert (heard.status, heard.code) == (401, "token_not_found")


def test_a_key_past_its_date_is_refused(
    wire: Wire, elsewhere: Elsewhere, record_property: Callable[[str, object], None]
) -> None:
    elsewhere.add("sk-expired")
    elsewhere.set("sk-expired", expires_at="'2020-01-01 00:00:00'")
    heard = refusal(wire, "sk-expired", record_property)
    assert (heard.status, heard.code) == (401, "token_expired")


def test_all_three_headers_are_taken_in_their_order(wire: Wire) -> None:
    key = wire.secret
    assert ask(wire, None, f"x-api-key: {key}").status == 200
    assert ask(wire, None, f"api-key: {key}").status == 200
    assert ask(wire, None, "x-api-key: wrong", f"api-key: {key}").status == 401
    assert ask(wire, None, "x-api-key: wrong", f"authorization: Bearer {key}").status == 200


def test_a_flood_of_wrong_keys_leaves_the_right_ones_quick(wire: Wire, relay_server: Relay) -> None:
    strangers = [wires.Wire(relay_server.port, "wrong") for _ in range(30)]
    for number, stranger in enumerate(strangers):
        stranger.say(stranger.request("GET", "/v1/models", secret=f"wrong-{number}"))
    began = time.monotonic()
    assert ask(wire, "").status == 200
    assert time.monotonic() - began < 1
    assert {stranger.hear().status for stranger in strangers} == {401}
    for stranger in strangers:
        stranger.close()


def test_a_wrong_key_is_refused_before_a_large_body_is_taken(
    relay_server: Relay, simulator: Simulator
) -> None:
    before = len(simulator.requests)
    with wires.connected(relay_server) as wire:
        request = wire.request("POST", "/v1/files", b"x" * 200_000, secret="wrong").partition(b"\r\n\r\n")[0]
        announced = request.replace(b"content-length: 200000", b"content-length: 90000000")
        began = time.monotonic()
        wire.say(announced + b"\r\n\r\n" + b"x" * 200_000)
        heard = wire.hear()
    assert (heard.status, heard.code) == (401, "token_not_found")
    assert time.monotonic() - began < 1
    assert heard.header("connection") == "close"
    assert len(simulator.requests) == before


def test_zero_keys_never_mean_open(start_relay: Callable[..., Relay], simulator: Simulator) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    Elsewhere(relay).execute("DELETE FROM accounts_credential")
    time.sleep(1)
    with wires.connected(relay) as wire:
        assert ask(wire, "").code == "token_not_found"
        assert ask(wire, None).code == "missing_api_key"


@pytest.mark.conformance("guarantee", 7)
def test_without_the_database_known_keys_work_and_unknown_ones_get_503(
    start_relay: Callable[..., Relay], simulator: Simulator, record_property: Callable[[str, object], None]
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    record_property(
        "figure", "without the database 3 of 3 calls with a known key answered, 3 of 3 others 503"
    )
    with wires.connected(relay) as wire, wires.database_away(relay):
        for _ in range(3):
            assert ask(wire, "").status == 200
            heard = ask(wire, "sk-unknown")
            assert (heard.status, heard.code) == (503, "keys_unavailable")
            assert heard.header("retry-after") == "1"
    with wires.connected(relay) as wire:
        until(lambda: ask(wire, "sk-unknown").status == 401, 10)


def test_a_refused_key_leaves_one_record_for_many_calls(
    wire: Wire, relay_server: Relay, elsewhere: Elsewhere
) -> None:
    elsewhere.add("sk-noisy", is_enabled=False)  # in one step: in between it could become known as usable
    assert ask(wire, "sk-noisy").code == "token_inactive"
    time.sleep(1.2)
    began = time.monotonic()
    for _ in range(40):
        assert ask(wire, "sk-noisy").status == 401
    is_flood = time.monotonic() - began < 2  # a machine that stands still makes none
    time.sleep(1.5)
    with wires.connected(relay_server, relay_server.management_token) as console:
        listed = json.loads(console.ask("GET", "/manage/logs?page_size=200").body)["results"]
    mine = [row for row in listed if row["key_name"] == "sk-noisy"]
    assert {row["outcome"] for row in mine} == {"rejected"}
    assert 10 < len(mine) <= (39 if is_flood else 41)
