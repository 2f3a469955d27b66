from __future__ import annotations

from dataclasses import replace

from proxy.configuration.configuration import Route
from proxy.sending import patience
from proxy.sending.patience import Patience
from tests.proxy.lanes import SETTINGS, provider

PROVIDER = provider("http://p")


def test_without_more_the_settings_hold() -> None:
    assert Patience.of(None, PROVIDER, SETTINGS) == (5, 20, 20)


def test_a_provider_has_its_own_times() -> None:
    own = replace(PROVIDER, first_byte_timeout_seconds=3)
    assert Patience.of(None, own, SETTINGS) == (5, 3, 20)


def test_a_route_has_the_last_word() -> None:
    route = Route("r", "/v1", first_byte_timeout_seconds=1, idle_timeout_seconds=2)
    own = replace(PROVIDER, connect_timeout_seconds=4, first_byte_timeout_seconds=3)
    assert Patience.of(route, own, SETTINGS) == (4, 1, 2)


def test_the_time_for_all_tries() -> None:
    settings = replace(SETTINGS, total_timeout_seconds=9)
    own = replace(PROVIDER, total_timeout_seconds=8)
    assert patience.total_seconds(None, PROVIDER, SETTINGS) is None
    assert patience.total_seconds(None, PROVIDER, settings) == 9
    assert patience.total_seconds(None, own, settings) == 8
    assert patience.total_seconds(Route("r", "/v1", total_timeout_seconds=7), own, settings) == 7
