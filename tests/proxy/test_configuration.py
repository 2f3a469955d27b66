from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from accounts.secrets import keys
from proxy.configuration.configuration import Key, Project, Provider, Settings, Snapshot

SECRET = "sk-a-secret-of-some-length"
KEY = Key("1", "credential", "app", "sk-a-sec…")
FIRST = Provider(1, "first", "openai", "https://one.example", "sk-upstream")
SETTINGS = Settings("", 10.0, 600.0, 600.0, None, True)


def snapshot(*providers: Provider) -> Snapshot:
    return Snapshot(1, {keys.digest(SECRET): KEY}, providers, SETTINGS)


def test_a_key_is_found_by_the_digest_of_its_secret() -> None:
    assert snapshot().find_key(keys.digest(SECRET)) is KEY


def test_an_unknown_digest_finds_nothing() -> None:
    assert snapshot().find_key(keys.digest("another secret")) is None


def test_nobody_can_change_a_snapshot() -> None:
    with pytest.raises(FrozenInstanceError):
        snapshot().version = 2  # type: ignore[misc]


def test_the_providers_key_is_not_in_its_representation() -> None:
    assert "sk-upstream" not in repr(snapshot(FIRST))


def test_a_provider_with_a_projects_own_key_carries_no_other() -> None:
    broken = replace(FIRST, extra_api_keys=("sk-second",), error="its key cannot be read")
    assert broken.carrying("sk-own", "shop") == replace(FIRST, api_key="sk-own", key_owner="shop")


def test_a_key_without_project_counts_as_in_an_active_one() -> None:
    assert (KEY.project_id, KEY.project_name, KEY.project_is_active) == (None, None, True)


def test_a_key_knows_its_project() -> None:
    key = replace(KEY, project=Project("p-1", "shop", is_active=False, upstream_key="sk-own"))
    assert (key.project_id, key.project_name, key.project_is_active) == ("p-1", "shop", False)
    assert "sk-own" not in repr(key)
