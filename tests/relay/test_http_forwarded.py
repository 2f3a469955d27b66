from __future__ import annotations

from typing import Any

import pytest

from relay.http import forwarded

TRUSTED = ("10.0.0.0/8", "::1")


async def seen(wrapped: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """The scope that an application behind the wrapper gets."""
    scopes: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        scopes.append(scope)

    await wrapped(application)(scope, None, None)
    return scopes[0]


def behind_proxies(application: Any) -> Any:
    return forwarded.behind_proxies(application, TRUSTED)


def scope(
    peer: str | None, *headers: tuple[bytes, bytes], kind: str = "http", scheme: str = "http"
) -> dict[str, Any]:
    return {"type": kind, "client": (peer, 5) if peer else None, "scheme": scheme, "headers": list(headers)}


FORWARDED_FOR = (b"x-forwarded-for", b"198.51.100.9")
HTTPS = (b"x-forwarded-proto", b"https")


async def test_a_trusted_proxy_names_the_client() -> None:
    found = await seen(behind_proxies, scope("10.1.2.3", FORWARDED_FOR, HTTPS))
    assert (found["client"], found["scheme"]) == (("198.51.100.9", 0), "https")


async def test_anybody_else_is_not_believed() -> None:
    asked = scope("203.0.113.5", FORWARDED_FOR, HTTPS)
    assert await seen(behind_proxies, asked) == asked


async def test_a_chain_of_proxies_is_followed_to_the_first_untrusted() -> None:
    chain = (b"x-forwarded-for", b"1.1.1.1, 198.51.100.9, 10.0.0.7")
    found = await seen(behind_proxies, scope("10.1.2.3", chain))
    assert found["client"][0] == "198.51.100.9"


async def test_a_chain_of_trusted_proxies_only_keeps_the_peer() -> None:
    found = await seen(behind_proxies, scope("10.1.2.3", (b"x-forwarded-for", b"10.0.0.7")))
    assert found["client"][0] == "10.1.2.3"


async def test_an_unreadable_hop_is_nobody_to_trust() -> None:
    found = await seen(behind_proxies, scope("10.1.2.3", (b"x-forwarded-for", b"1.1.1.1, unknown")))
    assert found["client"][0] == "unknown"


async def test_an_ipv4_peer_on_an_ipv6_socket_is_recognised() -> None:
    found = await seen(behind_proxies, scope("::ffff:10.1.2.3", FORWARDED_FOR))
    assert found["client"][0] == "198.51.100.9"


async def test_a_websocket_behind_tls_is_wss() -> None:
    found = await seen(behind_proxies, scope("10.1.2.3", HTTPS, kind="websocket", scheme="ws"))
    assert found["scheme"] == "wss"


async def test_a_strange_scheme_changes_nothing() -> None:
    found = await seen(behind_proxies, scope("10.1.2.3", (b"x-forwarded-proto", b"gopher")))
    assert found["scheme"] == "http"


async def test_without_a_peer_nobody_is_trusted() -> None:
    asked = scope(None, FORWARDED_FOR)
    assert await seen(behind_proxies, asked) == asked


@pytest.mark.parametrize("peer", [("192.0.2.7", 4711), ("2001:db8::1", 1), None])
async def test_the_console_sees_what_the_worker_saw(peer: Any) -> None:
    at_worker = scope("unused", scheme="https") | {"client": peer}
    over_socket = scope(None, *forwarded.to_console(at_worker), (b"host", b"relay.test"))
    found = await seen(forwarded.behind_workers, over_socket)
    assert (found["client"], found["scheme"], found["headers"]) == (peer, "https", [(b"host", b"relay.test")])


async def test_other_messages_pass_the_wrappers() -> None:
    lifespan = {"type": "lifespan"}
    assert await seen(behind_proxies, lifespan) == lifespan
