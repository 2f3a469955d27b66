"""Django's own, what in the database cannot work, and whether several machines keep their limits together."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.management.base import CommandError
from django.core.management.commands import check
from django.db import DatabaseError

from proxy.configuration import provisioning
from relay.health import sharedlimits


class Command(check.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        admin.autodiscover()
        super().handle(*args, **options)
        if options["list_tags"]:
            return
        try:
            reminders, problems = sharedlimits.reminders(), provisioning.problems()
        except DatabaseError:
            return  # not there yet, or away: `serve` says so
        for line in reminders:
            self.stdout.write(line)
        if problems:
            raise CommandError("\n".join(problems))
