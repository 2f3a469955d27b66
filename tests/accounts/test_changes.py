from __future__ import annotations

import uuid
from contextlib import closing
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.changes import KEPT_CHANGES, TrackChanges, trigger_names
from accounts.models import ConfigChange, ConfigVersion, Credential, Project
from proxy.models import Provider, RelaySettings
from tests.scratch import Scratch, only_postgresql


def version(scratch: Scratch) -> int:
    return ConfigVersion.objects.using(scratch.alias).get().version


def changes_after(scratch: Scratch, start: int) -> list[tuple[str, str]]:
    log = ConfigChange.objects.using(scratch.alias).filter(version__gt=start).order_by("id")
    return list(log.values_list("table_name", "row_pk"))


def make_credential(scratch: Scratch, name: str = "a") -> Credential:
    credential = Credential(name=name)
    credential.set_secret(f"secret of {name}")
    credential.save(using=scratch.alias)
    return credential


def one_of_each() -> list[Any]:
    credential = Credential(name="a")
    credential.set_secret("secret of a")
    provider = Provider(provider_key="default", api_base="https://api.openai.com")
    return [Project(name="p"), credential, provider, RelaySettings()]


def test_every_tracked_table_counts_inserts_updates_and_deletes(scratch: Scratch) -> None:
    for row in one_of_each():
        start = version(scratch)
        row.save(using=scratch.alias)
        row.save(using=scratch.alias)
        row.delete(using=scratch.alias)
        assert [table for table, _ in changes_after(scratch, start)] == [row._meta.db_table] * 3
        assert version(scratch) == start + 3


def test_a_change_names_its_row(scratch: Scratch) -> None:
    credential = make_credential(scratch)
    start = version(scratch)
    Credential.objects.using(scratch.alias).filter(pk=credential.pk).update(is_enabled=False)
    assert changes_after(scratch, start) == [("accounts_credential", str(credential.pk))]


def test_the_uuid_of_a_project_can_be_read_back(scratch: Scratch) -> None:
    start = version(scratch)
    project = Project.objects.using(scratch.alias).create(name="p")
    [(_, row_pk)] = changes_after(scratch, start)
    assert uuid.UUID(row_pk) == project.pk


def test_an_update_of_many_rows_names_them_all(scratch: Scratch) -> None:
    pks = [make_credential(scratch, name).pk for name in "abc"]
    start = version(scratch)
    Credential.objects.using(scratch.alias).update(is_enabled=False)
    assert {pk for _, pk in changes_after(scratch, start)} == {str(pk) for pk in pks}


def test_raw_sql_of_another_process_counts(scratch: Scratch) -> None:
    make_credential(scratch)
    start = version(scratch)
    scratch.execute_elsewhere("UPDATE accounts_credential SET name = 'b'")
    assert version(scratch) == start + 1


def test_a_changed_primary_key_names_both_rows(scratch: Scratch) -> None:
    credential = make_credential(scratch)
    start = version(scratch)
    scratch.execute(f"UPDATE accounts_credential SET id = 77 WHERE id = {credential.pk}")
    assert {pk for _, pk in changes_after(scratch, start)} == {str(credential.pk), "77"}


def test_a_rolled_back_change_leaves_no_trace(scratch: Scratch) -> None:
    credential = make_credential(scratch)
    start = version(scratch)
    with transaction.atomic(using=scratch.alias):
        credential.save(using=scratch.alias)
        transaction.set_rollback(True, using=scratch.alias)
    assert version(scratch) == start
    assert changes_after(scratch, start) == []


def test_a_rolled_back_savepoint_does_not_hide_later_changes(scratch: Scratch) -> None:
    first, second = make_credential(scratch, "a"), make_credential(scratch, "b")
    start = version(scratch)
    with transaction.atomic(using=scratch.alias):
        with transaction.atomic(using=scratch.alias):
            first.save(using=scratch.alias)
            with connections[scratch.alias].cursor() as cursor:
                if scratch.vendor == "postgresql":
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True, using=scratch.alias)
        second.save(using=scratch.alias)
    assert version(scratch) == start + 1
    assert changes_after(scratch, start) == [("accounts_credential", str(second.pk))]


def test_insert_or_ignore_counts(scratch: Scratch) -> None:
    credential = Credential(name="a")
    credential.set_secret("secret of a")
    start = version(scratch)
    Credential.objects.using(scratch.alias).bulk_create([credential], ignore_conflicts=True)
    assert version(scratch) == start + 1


def test_a_lost_version_row_comes_back(scratch: Scratch) -> None:
    scratch.execute("DELETE FROM accounts_configversion", "DELETE FROM accounts_configchange")
    make_credential(scratch)
    assert version(scratch) == 1
    assert len(changes_after(scratch, 0)) == 1


def test_old_changes_are_pruned(scratch: Scratch) -> None:
    rows = [Provider(provider_key=f"p{n}", api_base="https://example.com") for n in range(100)]
    Provider.objects.using(scratch.alias).bulk_create(rows)
    for _ in range(KEPT_CHANGES // 100 + 2):
        Provider.objects.using(scratch.alias).update(api_base="https://example.com/v1")
    make_credential(scratch)
    assert KEPT_CHANGES <= ConfigChange.objects.using(scratch.alias).count() <= KEPT_CHANGES + 1


@only_postgresql
def test_two_transactions_on_different_rows_do_not_wait_for_each_other(scratch: Scratch) -> None:
    first, second = make_credential(scratch, "a"), make_credential(scratch, "b")
    start = version(scratch)
    with closing(scratch.open()) as slow, closing(scratch.open()) as quick:
        slow.execute(f"UPDATE accounts_credential SET name = 'slow' WHERE id = {first.pk}")
        quick.execute("SET statement_timeout = '2s'")
        quick.execute(f"UPDATE accounts_credential SET name = 'quick' WHERE id = {second.pk}")
        quick.commit()
        slow.commit()
    assert changes_after(scratch, start) == [
        ("accounts_credential", str(second.pk)),
        ("accounts_credential", str(first.pk)),
    ]


@only_postgresql
def test_truncate_counts_as_the_whole_table(scratch: Scratch) -> None:
    start = version(scratch)
    scratch.execute("TRUNCATE accounts_credential")
    assert changes_after(scratch, start) == [("accounts_credential", "")]


def test_a_table_is_still_tracked_after_a_migration_backwards(scratch: Scratch) -> None:
    """Else a project that is switched off afterwards would go on calling."""
    project = Project(name="p")
    project.save(using=scratch.alias)
    call_command("migrate", "accounts", "0024", database=scratch.alias, verbosity=0)
    start = version(scratch)
    scratch.execute("UPDATE accounts_project SET is_active = false")
    assert [table for table, _ in changes_after(scratch, start)] == ["accounts_project"]


@pytest.mark.django_db
def test_no_migration_has_lost_the_triggers_of_a_table() -> None:
    """A failure here: end the migration that altered the table with TrackChanges."""
    loader = MigrationLoader(connection)
    state = loader.project_state()
    tracked = {
        state.apps.get_model(migration.app_label, operation.model_name)._meta.db_table
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, TrackChanges)
    }
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger",
    }
    with connection.cursor() as cursor:
        cursor.execute(query[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    assert len(tracked) >= 4
    assert {name for table in tracked for name in trigger_names(connection.vendor, table)} <= there
