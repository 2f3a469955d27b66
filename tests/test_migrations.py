"""The release before must go on working after every migration (docs/upgrading.md).

So a migration only adds, and what it adds may be left out by code that does not know it. What is to go, goes
one release after the code that used it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations import operations as o
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from accounts.changes import TrackChanges

# The newest of each app when the rule was made. Nobody ran the code before them.
FIRST_RELEASE = {"accounts": "0026", "logs_app": "0014", "proxy": "0007"}

ROWS = "RunPython: say in ACCEPTED what the release before makes of the rows"
# "app.0042_name: complaint" → why the release before does not mind.
ACCEPTED = {
    f"logs_app.0015_rates_of_sound_and_pictures: {ROWS}": "It fills columns that nobody knew before.",
    f"logs_app.0016_coarse_series: {ROWS}": "It adds nothing to them. v0.1.0 is the first to be out.",
    f"logs_app.0020_calls_left_unused: {ROWS}": "It cannot add to them. v0.1.0 is the first to be out.",
}

HARMLESS = (
    o.CreateModel,
    o.AlterModelOptions,
    o.AlterModelManagers,
    o.AlterModelTableComment,
    o.AddIndex,
    o.RemoveIndex,
    o.RenameIndex,
    o.RemoveConstraint,
    TrackChanges,
)


def complaints(operation: Operation, app: str, state: ProjectState) -> Iterator[str]:
    """Why code that does not know this operation may fail after it. `state` is that before it."""
    if isinstance(operation, SeparateDatabaseAndState):
        for each in operation.database_operations:
            yield from complaints(each, app, state)
    elif isinstance(operation, o.AddField):
        if not _may_be_left_out(operation.field):
            yield f"{operation.describe()}: needs null=True or db_default"
    elif isinstance(operation, o.AlterField):
        old = state.models[app, operation.model_name_lower].fields[operation.name]
        if found := ", ".join(sorted(_narrowed(old, operation.field))):
            yield f"{operation.describe()}: changes {found}"
    elif isinstance(operation, RunPython | RunSQL):
        yield f"{type(operation).__name__}: say in ACCEPTED what the release before makes of the rows"
    elif not isinstance(operation, HARMLESS):
        yield operation.describe()


def _may_be_left_out(field: models.Field) -> bool:
    """By an INSERT that does not name it: Django takes a Python default out of the table again."""
    return field.null or field.has_db_default() or field.many_to_many


def _narrowed(old: models.Field, new: models.Field) -> set[str]:
    """What of it the database knows and is different, unless it only takes more than before."""
    before, after = _known_to_database(old), _known_to_database(new)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if after.get("null"):
        changed.discard("null")
    if "db_default" in after and "db_default" not in before:
        changed.discard("db_default")
    if (after.get("max_length") or 0) > (before.get("max_length") or 0) > 0:
        changed.discard("max_length")
    return changed


def _known_to_database(field: models.Field) -> dict[str, Any]:
    _, path, arguments, named = field.deconstruct()
    unknown = {*field.non_db_attrs, "default", "auto_now", "auto_now_add"}
    return {"type": (path, arguments)} | {name: v for name, v in named.items() if name not in unknown}


def all_complaints(after: dict[str, str]) -> list[str]:
    """Of the migrations of our apps with a higher number than these."""
    loader = MigrationLoader(connection)
    state, found = ProjectState(real_apps=loader.unmigrated_apps), []
    for app, name in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        migration = loader.get_migration(app, name)
        for operation in migration.operations:
            if app in after and name[:4] > after[app]:
                found += [f"{app}.{name}: {each}" for each in complaints(operation, app, state)]
            operation.state_forwards(app, state)
    return found


@pytest.mark.django_db
def test_the_release_before_works_with_every_migration() -> None:
    """A failure here: take what goes out of the code now and out of the database one release later, and let
    what comes be null or have a db_default. Or say in ACCEPTED why it does no harm."""
    assert set(all_complaints(FIRST_RELEASE)) == ACCEPTED.keys()


@pytest.mark.django_db
def test_the_rule_finds_what_was_done_before_it_was_made() -> None:
    found = all_complaints(dict.fromkeys(FIRST_RELEASE, "0001"))
    assert (
        "accounts.0025_project_cache_policy: Add field cache_policy to project: needs null=True or db_default"
        in found
    )
    assert not [each for each in found if each.startswith("accounts.0026_label_hashes")]  # labels only


TEXT = models.CharField(max_length=10)


@pytest.mark.parametrize(
    ("operation", "is_refused"),
    [
        (o.AddField("thing", "a", models.CharField(max_length=10, default="")), True),
        (o.AddField("thing", "a", models.CharField(max_length=10, null=True)), False),
        (o.AddField("thing", "a", models.CharField(max_length=10, db_default="")), False),
        (o.AddField("thing", "a", models.ManyToManyField("things.Thing")), False),
        (o.RemoveField("thing", "name"), True),
        (o.RenameField("thing", "name", "title"), True),
        (o.AlterField("thing", "name", models.CharField(max_length=10, verbose_name="Name")), False),
        (o.AlterField("thing", "name", models.CharField(max_length=20)), False),
        (o.AlterField("thing", "name", models.CharField(max_length=5)), True),
        (o.AlterField("thing", "name", models.CharField(max_length=10, null=True)), False),
        (o.AlterField("thing", "name", models.CharField(max_length=10, unique=True)), True),
        (o.AlterField("thing", "name", models.TextField()), True),
        (o.AlterField("thing", "note", models.CharField(max_length=10)), True),
        (o.DeleteModel("thing"), True),
        (o.RenameModel("thing", "matter"), True),
        (o.AddConstraint("thing", models.UniqueConstraint(fields=["name"], name="one")), True),
        (o.AddIndex("thing", models.Index(fields=["name"], name="by_name")), False),
        (RunSQL("SELECT 1"), True),
        (SeparateDatabaseAndState(state_operations=[o.RemoveField("thing", "name")]), False),
        (SeparateDatabaseAndState(database_operations=[o.RemoveField("thing", "name")]), True),
    ],
    ids=str,
)
def test_what_the_rule_refuses(operation: Operation, is_refused: bool) -> None:
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]
    fields.append(("note", models.CharField(max_length=10, null=True)))
    state.add_model(ModelState("things", "Thing", fields))
    assert bool(list(complaints(operation, "things", state))) is is_refused
