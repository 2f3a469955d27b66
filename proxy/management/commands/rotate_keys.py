"""New secrets for keys, a new key for a provider, and stored secrets under a new encryption key."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.audit import audit
from accounts.audit.audit import Actor
from accounts.commandline import secretoutput
from accounts.commandline.secretoutput import SecretOutput
from accounts.models import Credential, Secret, WitheringToken
from accounts.secrets import keys, reencryption, rotation
from accounts.secrets.reencryption import Progress
from accounts.tokens import durations
from logs_app.journal import olderkeys
from proxy.models import Provider

ACTOR = Actor("command", "rotate_keys")


class Command(BaseCommand):
    help = (
        "Gives keys new secrets: id, name and history stay, and the old secret works until --grace ends. "
        "`provider` stores a new key of a provider; `encryption` brings every stored secret under the newest "
        "of FIELD_ENCRYPTION_KEYS."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        credential = kinds.add_parser("credential", help="new secret of a key of an application")
        which = credential.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="?", metavar="NAME")
        which.add_argument("--all", action="store_true", help="of every one; prints name, tab, secret")
        token = kinds.add_parser("token", help="new secret of a withering token")
        token.add_argument("id", type=_uuid, metavar="ID")
        for rotated in (credential, token):
            rotated.add_argument(
                "--grace",
                type=_duration,
                default=timedelta(0),
                help="how long the old one works on: 30m, 24h, 7d",
            )
            rotated.add_argument(
                "--run", default="", metavar="ID", help="a repeat skips what this run has done"
            )
            rotated.add_argument(
                "--output", type=Path, metavar="FILE", help="append to this file, readable by you only"
            )
        provider = kinds.add_parser("provider", help="new key of a provider")
        provider.add_argument("provider_key", metavar="KEY", help="name of the provider")
        provider.add_argument(
            "--key-file", required=True, metavar="FILE", help="file with the new key; - is stdin"
        )
        kinds.add_parser("encryption", help="everything stored under the newest encryption key")

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        if kind == "provider":
            self._provider(options["provider_key"], options["key_file"])
        elif kind == "encryption":
            self._encryption()
        else:
            rows = _credentials(options) if kind == "credential" else _token(options["id"])
            self._rotate(rows, options)

    def _rotate(self, rows: Iterable[tuple[str, Secret]], options: dict[str, Any]) -> None:
        is_named = options.get("all") or options["output"]
        with secretoutput.opened(options["output"], self.stdout) as output:
            for name, row in rows:
                if not self._rotate_one(row, output, f"{name}\t" if is_named else "", options):
                    self.stderr.write(f"{name}: this run has rotated it before.")

    def _rotate_one(self, row: Secret, output: SecretOutput, before: str, options: dict[str, Any]) -> bool:
        """The secret is out before it is stored: a line too many can be told from a secret that nobody knows.
        And before the transaction, because a pager may stop this program while it prints."""
        grace, run = options["grace"], options["run"]
        if run and row.rotation_run == run:
            return False
        secret = keys.generate()
        output.write(before + secret)
        return rotation.rotate(row, ACTOR, grace=grace, run=run, secret=secret) is not None

    def _provider(self, provider_key: str, key_file: str) -> None:
        provider = Provider.objects.filter(provider_key=provider_key).first()
        if provider is None:
            raise CommandError(f"There is no provider {provider_key}.")
        if variable := provider.api_key_env:
            raise CommandError(f"Provider {provider_key} reads its key from {variable}: change it there.")
        with transaction.atomic():
            provider.api_key = secretoutput.read(key_file)
            provider.save(update_fields=["api_key", "updated_at"])
            audit.record(ACTOR, "provider.rotate", provider)
        self.stdout.write(f"Provider {provider_key} has its new key.")

    def _encryption(self) -> None:
        if len(settings.FIELD_ENCRYPTION_KEYS) < 2:
            self.stdout.write("FIELD_ENCRYPTION_KEYS has one key: put a new one in front of it to rotate.")
        changed, unreadable = 0, 0
        for model, field in reencryption.columns():
            for progress in reencryption.reencrypt(model, field):
                self.stdout.write(f"{progress.label}: {progress.done} of {progress.total}")
            changed += progress.changed
            unreadable += self._tell_unreadable(progress)
        audit.record(ACTOR, "encryption.rotate", detail={"changed": changed, "unreadable": unreadable})
        self.stdout.write(f"{changed} values were brought under the newest key.")
        self._tell_segments()
        if unreadable:
            raise CommandError(
                f"{unreadable} values are under none of FIELD_ENCRYPTION_KEYS and stay as they are."
            )

    def _tell_unreadable(self, progress: Progress) -> int:
        for pk in progress.unreadable:
            self.stderr.write(f"{progress.label} of {pk} cannot be decrypted.")
        return len(progress.unreadable)

    def _tell_segments(self) -> None:
        count = olderkeys.count_segments(settings.JOURNAL_DIR, settings.FIELD_ENCRYPTION_KEYS)
        if count:
            self.stdout.write(
                f"{count} segments of the journal still need an older key: restart the relay and keep it "
                "until it has recorded them (run this again to see)."
            )
        else:
            self.stdout.write("No segment of this machine's journal needs an older key.")


def _credentials(options: dict[str, Any]) -> list[tuple[str, Secret]]:
    rows = Credential.objects.listed().order_by("pk")
    if not options["all"]:
        rows = rows.filter(name=options["name"])
        if not rows:
            raise CommandError(f"There is no key named {options['name']}.")
    return [(row.name, row) for row in rows]


def _token(id: UUID) -> list[tuple[str, Secret]]:
    row = WitheringToken.objects.listed().filter(pk=id).first()
    if row is None:
        raise CommandError(f"There is no token {id}.")
    return [(str(id), row)]


def _duration(text: str) -> timedelta:
    try:
        return durations.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no id of a token, such as 7f9c2f9e-….") from None
