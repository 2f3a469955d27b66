from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.configuration.configuration import Project, Provider, Settings, Snapshot
from proxy.errors import RelayError
from proxy.routing import ownkeys

SETTINGS = Settings("", 10.0, 600.0, 600.0, None, True)
OPENAI = Provider(1, "default", "openai", "https://one.example", "sk-shared")
ACME = replace(OPENAI, id=2, provider_key="acme", api_base="https://two.example")
SNAPSHOT = Snapshot(1, {}, (OPENAI, ACME), SETTINGS)
PROJECT = Project("p-1", "shop", upstream_key="sk-own", provider_key="acme")


def test_a_project_without_an_own_key_chooses_no_provider() -> None:
    assert ownkeys.provider_of(None, SNAPSHOT) is None
    assert ownkeys.provider_of(Project("p-2", "other"), SNAPSHOT) is None


def test_an_own_key_goes_to_its_provider_in_the_place_of_the_shared_one() -> None:
    found = ownkeys.provider_of(PROJECT, SNAPSHOT)
    assert (found.provider_key, found.api_base, found.api_key) == ("acme", "https://two.example", "sk-own")
    assert found.key_owner == "shop"


def test_the_provider_needs_no_readable_key_of_its_own() -> None:
    broken = replace(ACME, api_key="", error="The API key of provider acme is unreadable.")
    found = ownkeys.provider_of(PROJECT, replace(SNAPSHOT, providers=(OPENAI, broken)))
    assert (found.api_key, found.error) == ("sk-own", None)


def test_an_own_key_whose_provider_is_gone_goes_nowhere() -> None:
    with pytest.raises(RelayError, match="own key of provider 'acme'") as refused:
        ownkeys.provider_of(PROJECT, replace(SNAPSHOT, providers=(OPENAI,)))
    assert (refused.value.status, refused.value.code) == (503, "provider_unusable")


def test_an_own_key_that_cannot_be_read_is_not_replaced_by_the_shared_one() -> None:
    unreadable = replace(PROJECT, upstream_key="", upstream_error="The upstream key is unreadable.")
    with pytest.raises(RelayError, match="unreadable") as refused:
        ownkeys.provider_of(unreadable, SNAPSHOT)
    assert refused.value.status == 503
