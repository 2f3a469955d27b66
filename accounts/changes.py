"""Database triggers that move the configuration version, so that no way of writing forgets to:
QuerySet.update(), raw SQL and other programs count like save() does.

Every change of a row in a tracked table appends a ConfigChange with the version it led to. The version row
stays locked until the commit, so versions become visible in their order. SQLite counts rows, PostgreSQL
transactions: a row updated again and again in one transaction costs it quadratic time.

Usage statistics (last used, counts) never live in a tracked table: every call would make every process
reload. On SQLite a migration that alters a tracked table rebuilds it without its triggers: such a migration
ends with TrackChanges again (a test looks for triggers that got lost).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

KEPT_CHANGES = 10_000  # a reader that is further behind reads everything again

# No conflict clauses inside: an outer INSERT OR IGNORE would override them.
SQLITE_APPEND = f"""
    INSERT INTO accounts_configversion (id, version)
        SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM accounts_configversion WHERE id = 1);
    UPDATE accounts_configversion SET version = version + 1 WHERE id = 1;
    INSERT INTO accounts_configchange (version, table_name, row_pk)
        SELECT version, '{{table}}', {{row_pk}} FROM accounts_configversion WHERE id = 1;
    DELETE FROM accounts_configchange
        WHERE id <= (SELECT MAX(id) FROM accounts_configchange) - {KEPT_CHANGES};
"""

# The setting lives as long as the transaction, and goes with a savepoint that is rolled back.
POSTGRESQL_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION accounts_append_change(changed_table text, changed_pk text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE moved bigint := NULLIF(current_setting('llm_relay.config_version', true), '')::bigint;
BEGIN
    IF moved IS NULL THEN
        INSERT INTO accounts_configversion AS current (id, version) VALUES (1, 1)
            ON CONFLICT (id) DO UPDATE SET version = current.version + 1 RETURNING version INTO moved;
        PERFORM set_config('llm_relay.config_version', moved::text, true);
        DELETE FROM accounts_configchange
            WHERE id <= (SELECT MAX(id) FROM accounts_configchange) - {KEPT_CHANGES};
    END IF;
    INSERT INTO accounts_configchange (version, table_name, row_pk)
        VALUES (moved, changed_table, changed_pk);
END $$;

CREATE OR REPLACE FUNCTION accounts_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE old_pk text; new_pk text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM accounts_append_change(TG_TABLE_NAME, '');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        old_pk := to_jsonb(OLD) ->> TG_ARGV[0];
        PERFORM accounts_append_change(TG_TABLE_NAME, old_pk);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_pk := to_jsonb(NEW) ->> TG_ARGV[0];
        IF new_pk IS DISTINCT FROM old_pk THEN
            PERFORM accounts_append_change(TG_TABLE_NAME, new_pk);
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""


class TrackChanges(Operation):
    """Puts the triggers on the table of a model, replacing those that are there."""

    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The triggers are no part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        vendor = schema_editor.connection.vendor
        for statement in install(vendor, model._meta.db_table, model._meta.pk.column):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """A table that stays was tracked before, too; one that goes takes its triggers along."""

    def describe(self) -> str:
        return f"Track changes of {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"track_{self.model_name.lower()}"


def trigger_names(vendor: str, table: str) -> list[str]:
    events = ("row", "truncate") if vendor == "postgresql" else ("insert", "update", "update_pk", "delete")
    return [f"{table}_{event}_change" for event in events]


def install(vendor: str, table: str, pk: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield POSTGRESQL_FUNCTIONS
    yield from remove(vendor, table, pk)
    yield from _postgresql(table, pk) if vendor == "postgresql" else _sqlite(table, pk)


def remove(vendor: str, table: str, pk: str) -> Iterator[str]:
    on_table = f' ON "{table}"' if vendor == "postgresql" else ""
    for name in trigger_names(vendor, table):
        yield f'DROP TRIGGER IF EXISTS "{name}"{on_table}'


def _sqlite(table: str, pk: str) -> Iterator[str]:
    insert, update, update_pk, delete = trigger_names("sqlite", table)
    for name, event, row in (
        (insert, "INSERT", "NEW"),
        (update, "UPDATE", "OLD"),
        (update_pk, f'UPDATE OF "{pk}"', "NEW"),
        (delete, "DELETE", "OLD"),
    ):
        changed = f'WHEN OLD."{pk}" IS NOT NEW."{pk}"' if name == update_pk else ""
        append = SQLITE_APPEND.format(table=table, row_pk=f'{row}."{pk}"')
        yield f'CREATE TRIGGER "{name}" AFTER {event} ON "{table}" {changed} BEGIN {append} END'
    # What was written while there were no triggers.
    for statement in SQLITE_APPEND.format(table=table, row_pk="''").strip().split(";")[:-1]:
        yield statement.strip()


def _postgresql(table: str, pk: str) -> Iterator[str]:
    row, truncate = trigger_names("postgresql", table)
    # Deferred to the commit: a transaction that took the version row earlier could wait for a row of another
    # one that waits for the version.
    yield (
        f'CREATE CONSTRAINT TRIGGER "{row}" AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_note_change('{pk}')"
    )
    yield f'CREATE TRIGGER "{truncate}" AFTER TRUNCATE ON "{table}" EXECUTE FUNCTION accounts_note_change()'
    yield f"SELECT accounts_append_change('{table}', '')"
