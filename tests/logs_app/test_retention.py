from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connections
from django.test import Client
from django.utils import timezone

from accounts.models import Credential, Project
from logs_app.models import Attempt, KeyUsage, LogPayload, LogRecord, LogSettings, Rollup, SearchText
from logs_app.recorder.store import Store
from logs_app.retention import space, terms
from logs_app.retention.janitor import Janitor
from logs_app.retention.pruner import Pruned, Pruner
from tests.logs_app.records import add_record, many
from tests.scratch import Scratch, only_sqlite

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def run(after_days: float, **options: Any) -> Pruned:
    """As if so many days had passed."""
    pruner = Pruner(now=timezone.now() + after_days * DAY, **options)
    for _ in pruner.steps():
        pass
    return pruner.pruned


def prune(after_days: float, **options: Any) -> Pruned:
    """Of what is given back a part may be what a test before this one left free."""
    return replace(run(after_days, **options), freed_bytes=0)


def keep(**days: int | None) -> None:
    LogSettings.objects.update_or_create(pk=1, defaults=days)


def of_project(project: Project) -> LogRecord:
    return add_record(opened_with={"project": {"id": str(project.pk), "name": project.name}})


def test_what_was_said_goes_after_a_week_and_the_record_after_a_year():
    record = add_record()
    assert prune(6.9) == Pruned()
    assert prune(7.1) == Pruned(payloads=1)
    record = LogRecord.objects.get(pk=record.pk)
    assert (record.request_preview, record.response_preview, record.prompt_tokens) == ("", "", 3)
    assert record.payload.request_body is None
    assert prune(364.9) == Pruned()
    assert prune(365.1) == Pruned(records=1)
    assert not LogRecord.objects.exists()
    assert not Attempt.objects.exists()


def test_the_search_forgets_what_was_said():
    record = add_record()
    SearchText.objects.create(record_id=record.pk, text="hello")
    prune(8)
    assert not SearchText.objects.exists()


def test_statistics_and_uses_of_keys_stay():
    add_record()
    sums, uses = Rollup.objects.count(), KeyUsage.objects.count()
    assert sums and uses
    prune(400)
    assert (Rollup.objects.count(), KeyUsage.objects.count()) == (sums, uses)


def test_nothing_goes_that_is_kept_for_ever():
    keep(payload_days=None, metadata_days=None)
    add_record()
    assert prune(30_000) == Pruned()


def test_a_record_that_goes_takes_its_payload_along():
    keep(payload_days=None, metadata_days=30)
    add_record()
    assert prune(31) == Pruned(records=1)
    assert not LogPayload.objects.exists()


def test_projects_have_terms_of_their_own():
    short = Project.objects.create(name="short", payload_days=1, metadata_days=2)
    long = Project.objects.create(name="long", payload_days=30, metadata_days=36_501)
    records = {name: of_project(project).pk for name, project in (("short", short), ("long", long))}
    records["others"] = add_record().pk

    def said() -> set[str]:
        kept = set(LogPayload.objects.values_list("pk", flat=True))
        return {name for name, pk in records.items() if pk in kept}

    assert (prune(1.5).payloads, said()) == (1, {"long", "others"})
    assert (prune(8).payloads, said()) == (1, {"long"})
    assert set(LogRecord.objects.values_list("pk", flat=True)) == {records["long"], records["others"]}
    prune(31)
    assert said() == set()
    prune(5000)
    assert list(LogRecord.objects.values_list("pk", flat=True)) == [records["long"]]


def test_a_dry_run_counts_and_removes_nothing():
    many(3)
    assert prune(400, is_dry_run=True) == Pruned(payloads=3, records=3)
    assert LogRecord.objects.count() == LogPayload.objects.count() == 3


def test_batches_are_small_and_there_are_many():
    many(10)
    pruner = Pruner(now=timezone.now() + 8 * DAY)
    pruner._size = 2
    pruner._adapt = lambda seconds: None  # type: ignore[method-assign]
    steps = pruner.steps()
    assert [next(steps) or pruner.pruned.payloads for _ in range(5)] == [2, 4, 6, 8, 10]


def test_a_batch_that_held_others_up_is_followed_by_smaller_ones():
    pruner = Pruner()
    sizes = []
    for seconds in (0.001, 0.001, 5, 5, 5, 5, 5, 5, 5, 5):
        pruner._adapt(seconds)
        sizes.append(pruner._size)
    assert sizes[:3] == [100, 200, 100]
    assert sizes[-1] == 1


def test_the_janitor_works_when_it_is_time_and_not_before(caplog):
    keep(payload_days=0, metadata_days=None)
    many(2)
    time.sleep(0.01)
    Janitor().attend()
    assert LogPayload.objects.count() == 2
    janitor = Janitor(first_after_seconds=0)
    with caplog.at_level(logging.INFO, "logs_app.retention.janitor"):
        while LogPayload.objects.exists() or not caplog.messages:
            janitor.attend()
    assert caplog.messages == ["Their time was over: 2 payloads, 0 records."]
    many(1)
    janitor.attend()
    assert LogPayload.objects.count() == 1  # in an hour


def test_the_janitor_never_raises(caplog):
    def away() -> Pruner:
        raise Error("the database is away")

    Janitor(away, first_after_seconds=0).attend()
    assert "could not be removed" in caplog.text


def test_records_of_what_is_gone_stay_readable(settings):
    """A key, a project and a provider are named in the record, not pointed at."""
    settings.MANAGEMENT_TOKEN = "the management token"
    project = Project.objects.create(name="gone")
    key = Credential(name="gone too", project=project)
    key.set_secret("sk-gone-0123456789")
    key.save()
    named = {"id": str(key.pk), "kind": "credential", "name": key.name, "prefix": key.prefix}
    record = add_record(opened_with={"key": named, "project": {"id": str(project.pk), "name": "gone"}})
    key.delete()
    project.delete()
    api = Client(headers={"authorization": "Bearer the management token"})
    shown = api.get(f"/manage/logs/{record.pk}").json()
    assert (shown["key_name"], shown["project"], shown["provider"]) == ("gone too", "gone", "p-1")
    assert shown["request_body"]
    assert prune(7.1) == Pruned(payloads=1)


def test_deleted_projects_keep_their_terms():
    project = Project.objects.create(name="left", payload_days=30, deleted_at=timezone.now())
    assert terms.read().payload.own == {str(project.pk): 30}


@only_sqlite
def test_space_is_given_back(scratch: Scratch):
    connection = connections[scratch.alias]
    assert space.can_be_given_back(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filler (content)")
        for _ in range(100):
            cursor.execute("INSERT INTO filler VALUES (%s)", [os.urandom(40_000)])
        cursor.execute("DROP TABLE filler")
    free = space.free_pages(connection)
    assert free > 900
    pruned = run(0, alias=Store(scratch.alias).alias)
    assert space.free_pages(connection) == 0
    assert pruned.freed_bytes == free * space.page_bytes(connection)
