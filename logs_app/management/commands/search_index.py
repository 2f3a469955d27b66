"""Brings the search index up to the records, or makes it anew."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections, router, transaction

from logs_app import search
from logs_app.models import LogRecord, Node, SearchCursor, SearchText
from logs_app.search import schema
from logs_app.search.indexer import Indexer, Overtaken

ROUND_SECONDS = 2.0


class Command(BaseCommand):
    help = "Say how far the search index is behind the records; the recorder brings it up to them in time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="Bring it up to the records now.")
        parser.add_argument("--rebuild", action="store_true", help="Throw it away and make it anew.")

    def handle(self, *args: Any, **options: Any) -> None:
        alias = router.db_for_write(LogRecord)
        if options["rebuild"]:
            _empty(alias)
        if options["rebuild"] or options["update"]:
            self._update(alias)
        if options["rebuild"]:
            schema.install_beside(connections[alias])
        if not schema.is_installed(connections[alias]):
            self.stdout.write("This database has no index of trigrams: only the newest records are searched.")
        self.stdout.write(f"{search.behind(alias)} records are not in the search index yet.")

    def _update(self, alias: str) -> None:
        indexer = Indexer(Node.objects.using(alias).values_list("pk", flat=True), alias)
        began, taken = time.monotonic(), 0
        while True:
            try:
                count = indexer.work(ROUND_SECONDS)
            except Overtaken:
                continue  # the recorder helps
            if not count:
                break
            taken += count
            rate = taken / (time.monotonic() - began)
            self.stderr.write(f"{taken} records, {rate:.0f}/s, {search.behind(alias)} to go")


def _empty(alias: str) -> None:
    connection = connections[alias]
    with transaction.atomic(using=alias):
        schema.remove(connection)
        SearchCursor.objects.using(alias).all().delete()
        SearchText.objects.using(alias).all()._raw_delete(alias)
        if connection.vendor == "sqlite":  # where making it at once would keep everybody from writing
            schema.install(connection)
