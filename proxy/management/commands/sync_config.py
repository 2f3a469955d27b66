"""Makes the database say what the environment says."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from proxy import provisioning

ACTOR = Actor("command", "sync_config")
DIFFERENCES_FOUND = 1
REFUSED = 2


class Command(BaseCommand):
    help = (
        "Copies the environment into the database: provider default from TARGET_*, key default from "
        "PROXY_KEY, the admin's password and the settings. Only variables that are set count. Exits with 0 "
        "when database and environment agree afterwards, with 1 when --dry-run found differences, with 2 "
        "when a value is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the differences, change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        found = provisioning.differences(provisioning.given_values())
        for difference in found:
            self.stdout.write(difference.line)
        if not found:
            self.stdout.write("Nothing to do: the database agrees with the environment.")
        elif dry_run:
            sys.exit(DIFFERENCES_FOUND)
        else:
            _apply(found)
            self.stdout.write(f"Applied {len(found)}.")


def _apply(found: list[provisioning.Difference]) -> None:
    """All or nothing."""
    try:
        with transaction.atomic():
            for difference in found:
                difference.apply()
                audit.record(ACTOR, "config.sync", detail={"difference": difference.line})
    except ImproperlyConfigured as error:
        raise CommandError(str(error), returncode=REFUSED) from None
