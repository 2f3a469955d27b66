from __future__ import annotations

import errno
import os
import socket

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay.environment import addresses


@pytest.mark.parametrize(
    ("listen_addr", "expected"),
    [
        ("", ("127.0.0.1", 8000)),
        (":8080", ("0.0.0.0", 8080)),
        ("10.0.0.5:9000", ("10.0.0.5", 9000)),
        ("[::1]:9000", ("::1", 9000)),
    ],
)
def test_listen_addr_wins_over_host_and_port(listen_addr: str, expected: tuple[str, int]) -> None:
    assert addresses.listen_address("127.0.0.1", 8000, listen_addr) == expected


@pytest.mark.parametrize("listen_addr", ["8080", "host", "host:", "host:http", ":70000"])
def test_a_listen_addr_in_another_form_is_refused(listen_addr: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="must be host:port or :port"):
        addresses.listen_address("127.0.0.1", 8000, listen_addr)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("relay.test", "relay.test"),
    ],
)
def test_a_host_as_it_stands_in_a_url(host: str, shown: str) -> None:
    assert addresses.url_host(host) == shown


def test_loopback_own_and_public_names_are_allowed() -> None:
    hosts = addresses.allowed_hosts("127.0.0.1", "https://relay.example.com/x", ("other.example",))
    wanted = {
        "localhost",
        "127.0.0.1",
        "[::1]",
        socket.gethostname().lower(),
        "relay.example.com",
        "other.example",
    }
    assert wanted <= set(hosts)
    assert "*" not in hosts


def test_the_address_by_which_others_reach_this_machine_is_its_own() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no network")
        assert probe.getsockname()[0] in addresses.own_addresses()


def test_a_reverse_proxy_is_expected_only_with_a_public_https_address() -> None:
    assert addresses.likely_proxies("") == addresses.likely_proxies("http://relay.example") == ()
    assert "127.0.0.0/8" in addresses.likely_proxies("https://relay.example")


def test_the_listening_socket_suits_children_and_small_answers() -> None:
    with addresses.listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # else TCP_NODELAY is never set on its connections
        assert os.get_inheritable(listener.fileno())
        with socket.create_connection(listener.getsockname()):
            pass


def test_an_ipv6_socket_takes_ipv4_clients_too() -> None:
    try:
        listener = addresses.listen("::", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listener, socket.create_connection(("127.0.0.1", listener.getsockname()[1])):
        pass


def test_a_taken_port_is_an_error_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "PORT_PATIENCE_SECONDS", 0.2)
    with addresses.listen("127.0.0.1", 0) as listener, pytest.raises(OSError) as refused:
        addresses.listen("127.0.0.1", listener.getsockname()[1])
    assert refused.value.errno == errno.EADDRINUSE
