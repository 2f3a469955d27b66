from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime

from django.db import connections
from django.test.utils import CaptureQueriesContext

from accounts.models import ConfigChange, Credential, Project
from accounts.secrets import keys
from proxy.configuration.loading import Loader
from proxy.models import Provider, RelaySettings
from tests.scratch import Scratch, only_sqlite


def make_credential(scratch: Scratch, name: str, project: Project | None = None) -> Credential:
    credential = Credential(name=name, project=project)
    credential.set_secret(f"secret of {name}")
    credential.save(using=scratch.alias)
    return credential


def make_provider(scratch: Scratch, key: str = "default", **values: object) -> Provider:
    values = {"api_base": "https://api.openai.com", "api_key": "sk-upstream"} | values
    return Provider.objects.using(scratch.alias).create(provider_key=key, **values)


def find(loader: Loader, name: str):
    return loader.advance().find_key(keys.digest(f"secret of {name}"))


def queries(scratch: Scratch, loader: Loader) -> list[str]:
    with CaptureQueriesContext(connections[scratch.alias]) as captured:
        loader.advance()
    return [query["sql"] for query in captured]


def test_an_empty_database_gives_the_default_settings(scratch: Scratch) -> None:
    snapshot = Loader(scratch.alias).advance()
    assert (snapshot.keys, snapshot.providers) == ({}, ())
    assert snapshot.settings.first_byte_timeout_seconds == 600
    assert snapshot.settings.inject_stream_usage is True


def test_a_key_carries_its_project_and_expiry(scratch: Scratch) -> None:
    project = Project.objects.using(scratch.alias).create(name="p", is_active=False)
    credential = make_credential(scratch, "a", project)
    credential.expires_at = datetime(2030, 1, 1, tzinfo=UTC)
    credential.is_enabled = False
    credential.save(using=scratch.alias)
    key = find(Loader(scratch.alias), "a")
    assert (key.id, key.kind, key.name, key.prefix) == (
        str(credential.pk),
        "credential",
        "a",
        "sec…",
    )
    assert (key.project_id, key.project_name, key.project_is_active) == (str(project.pk), "p", False)
    assert key.expires_at == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert key.is_active is False


def test_a_key_without_project_counts_as_in_an_active_one(scratch: Scratch) -> None:
    make_credential(scratch, "a")
    key = find(Loader(scratch.alias), "a")
    assert (key.project_id, key.project_is_active, key.expires_at, key.is_active) == (None, True, None, True)


def test_only_enabled_providers_are_in_a_snapshot(scratch: Scratch) -> None:
    make_provider(scratch, "off", is_enabled=False)
    make_provider(scratch, "on", idle_timeout_seconds=5)
    [provider] = Loader(scratch.alias).advance().providers
    assert (provider.provider_key, provider.api_key, provider.idle_timeout_seconds) == (
        "on",
        "sk-upstream",
        5,
    )
    assert provider.error is None


def test_an_unreadable_provider_key_takes_out_only_its_provider(scratch: Scratch) -> None:
    make_provider(scratch, "broken")
    make_provider(scratch, "whole")
    scratch.execute("UPDATE proxy_provider SET api_key = 'gAAAAAbroken' WHERE provider_key = 'broken'")
    broken, whole = Loader(scratch.alias).advance().providers
    assert "FIELD_ENCRYPTION_KEYS" in broken.error
    assert (broken.api_key, whole.api_key, whole.error) == ("", "sk-upstream", None)


def test_nothing_but_the_version_is_read_while_it_stands_still(scratch: Scratch) -> None:
    loader = Loader(scratch.alias)
    before = loader.advance()
    assert len(queries(scratch, loader)) == 1
    assert loader.advance() is before


def test_a_new_key_is_added_without_reading_the_others(scratch: Scratch) -> None:
    make_credential(scratch, "a")
    loader = Loader(scratch.alias)
    old = find(loader, "a")
    make_credential(scratch, "b")
    assert find(loader, "b").name == "b"
    assert find(loader, "a") is old


def test_a_snapshot_once_taken_does_not_change(scratch: Scratch) -> None:
    loader = Loader(scratch.alias)
    before = loader.advance()
    make_credential(scratch, "a")
    loader.advance()
    assert before.keys == {}


def test_a_deleted_key_is_gone(scratch: Scratch) -> None:
    credential = make_credential(scratch, "a")
    make_credential(scratch, "b")
    loader = Loader(scratch.alias)
    loader.advance()
    credential.delete(using=scratch.alias)
    assert find(loader, "a") is None
    assert find(loader, "b").name == "b"


def test_a_changed_secret_replaces_the_old_one(scratch: Scratch) -> None:
    credential = make_credential(scratch, "a")
    loader = Loader(scratch.alias)
    loader.advance()
    credential.set_secret("secret of b")
    credential.save(using=scratch.alias)
    assert find(loader, "a") is None
    assert find(loader, "b").id == str(credential.pk)


def test_two_keys_can_swap_their_secrets(scratch: Scratch) -> None:
    a, b, spare = (make_credential(scratch, name) for name in ("a", "b", "spare"))
    loader = Loader(scratch.alias)
    loader.advance()
    spare.delete(using=scratch.alias)
    for credential, name in ((a, "spare"), (b, "a"), (a, "b")):
        credential.set_secret(f"secret of {name}")
        credential.save(using=scratch.alias)
    assert find(loader, "a").id == str(b.pk)
    assert find(loader, "b").id == str(a.pk)


def test_a_deactivated_project_reaches_all_its_keys(scratch: Scratch) -> None:
    project = Project.objects.using(scratch.alias).create(name="p")
    make_credential(scratch, "a", project)
    make_credential(scratch, "b")
    loader = Loader(scratch.alias)
    loader.advance()
    Project.objects.using(scratch.alias).update(is_active=False)
    assert find(loader, "a").project_is_active is False
    assert find(loader, "b").project_is_active is True


def test_providers_and_settings_follow_too(scratch: Scratch) -> None:
    make_provider(scratch)
    loader = Loader(scratch.alias)
    loader.advance()
    Provider.objects.using(scratch.alias).update(api_base="https://other.example")
    policy = {"allowed_methods": ["get"]}
    RelaySettings.objects.using(scratch.alias).create(default_model="gpt-5", policy=policy)
    snapshot = loader.advance()
    assert snapshot.settings.policy.allowed_methods == ("GET",)
    assert snapshot.providers[0].api_base == "https://other.example"
    assert snapshot.settings.default_model == "gpt-5"


def test_a_reader_that_is_too_far_behind_reads_everything(scratch: Scratch) -> None:
    make_credential(scratch, "a")
    loader = Loader(scratch.alias)
    loader.advance()
    make_credential(scratch, "b")
    ConfigChange.objects.using(scratch.alias).all().delete()
    make_credential(scratch, "c")
    assert find(loader, "b").name == "b"


def test_a_version_that_went_back_reads_everything(scratch: Scratch) -> None:
    loader = Loader(scratch.alias)
    loader.advance()
    make_credential(scratch, "a")
    scratch.execute("UPDATE accounts_configversion SET version = 1")
    assert find(loader, "a").name == "a"


def test_a_change_of_a_whole_table_reads_everything(scratch: Scratch) -> None:
    make_credential(scratch, "a")
    loader = Loader(scratch.alias)
    loader.advance()
    version = "SELECT version + 1, 'accounts_credential', '' FROM accounts_configversion"
    scratch.execute(
        f"INSERT INTO accounts_configchange (version, table_name, row_pk) {version}",
        "UPDATE accounts_configversion SET version = version + 1",
    )
    assert any("accounts_credential" in sql and "WHERE" not in sql for sql in queries(scratch, loader))


@only_sqlite
def test_a_row_that_replace_deleted_silently_is_missed(scratch: Scratch) -> None:
    """SQLite fires no DELETE trigger for the row that REPLACE pushes out."""
    credential = make_credential(scratch, "a")
    loader = Loader(scratch.alias)
    loader.advance()
    copied = "name, prefix, is_enabled, allowed_models, rotation_run, created_at, updated_at"
    scratch.execute(
        f"REPLACE INTO accounts_credential (id, digest, {copied}) SELECT id + 1, X'00', {copied} "
        f"FROM accounts_credential WHERE id = {credential.pk}"
    )
    assert find(loader, "a") is None


def test_half_a_transaction_is_never_seen(scratch: Scratch) -> None:
    make_provider(scratch, api_base="0")
    RelaySettings.objects.using(scratch.alias).create(default_model="0")
    loader = Loader(scratch.alias)
    loader.advance()
    done = threading.Event()

    def write() -> None:
        with closing(scratch.open()) as connection:
            for n in range(200):
                connection.execute(f"UPDATE proxy_provider SET api_base = '{n}'")
                connection.execute(f"UPDATE proxy_relaysettings SET default_model = '{n}'")
                connection.commit()
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        snapshot = loader.advance()
        seen.add(snapshot.version)
        assert snapshot.providers[0].api_base == snapshot.settings.default_model
    writer.join()
    assert loader.advance().settings.default_model == "199"
    assert len(seen) > 5
