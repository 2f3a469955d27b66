from __future__ import annotations

import socket
from typing import Any

import aiohttp
import pytest

from proxy.configuration.configuration import Provider
from proxy.errors import NotSent
from proxy.sending import addresses
from proxy.sending.addresses import Resolver
from proxy.sending.upstream import Upstream


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest",
        "http://169.254.1.1:8080",
        "http://[fe80::1]/v1",
        "http://[fe80::1%25eth0]/v1",
        "http://[fd00:ec2::254]",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://2852039166",
        "http://0xa9.254.0xa9fe/v1",
        "http://0251.254.169.254",
        "http://100.100.100.200/",
        "http://metadata.google.internal/v1",
        "http://METADATA.google.internal./v1",
        "http://metadata",
    ],
)
def test_link_local_addresses_and_metadata_services_are_refused(address: str) -> None:
    assert "metadata service" in str(addresses.refusal_of(address))


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com",
        "http://127.0.0.1:11434",
        "http://localhost:1234/v1",
        "http://10.1.2.3",
        "http://192.168.1.7:8000",
        "http://172.17.0.1",
        "http://[::1]:8080",
        "http://[fd12:3456::1]",
        "http://ollama.lan",
        "http://169.254.example.com",
        "not an address",
        "http://[half",
    ],
)
def test_private_and_public_addresses_are_not(address: str) -> None:
    assert addresses.refusal_of(address) is None


def test_hosts_are_exempt_by_their_provider() -> None:
    one = Provider(1, "a", "openai", "http://Meta.lan:80/v1", "sk", allows_internal_address=True)
    other = Provider(2, "b", "openai", "http://other.lan", "sk")
    assert addresses.allowed_hosts((one, other)) == {"meta.lan"}


def leading_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    async def resolve(self: Any, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        return [
            {"host": each, "hostname": host, "port": port, "family": family, "proto": 0, "flags": 0}
            for each in found
        ]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)


async def test_a_name_that_leads_there_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    leading_to(monkeypatch, "10.0.0.1", "169.254.169.254")
    with pytest.raises(OSError, match=r"169\.254\.169\.254"):
        await Resolver(lambda host: False).resolve("rebound.example", 80)
    assert await Resolver(lambda host: host == "rebound.example").resolve("Rebound.example.", 80)
    leading_to(monkeypatch, "10.0.0.1")
    assert await Resolver(lambda host: False).resolve("lan.example", 80)


@pytest.mark.parametrize("url", ["http://rebound.example/v1/models", "http://169.254.169.254/v1/models"])
async def test_no_connection_is_opened_and_the_call_says_why(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    leading_to(monkeypatch, "169.254.169.254")
    upstream = Upstream()
    with pytest.raises(NotSent, match="internal address") as raised:
        await upstream.send(
            "GET", url, [], None, connect_seconds=1, first_byte_seconds=1, idle_seconds=1
        )  # fmt: skip
    assert raised.value.reason == "upstream_unreachable"
    await upstream.aclose()
