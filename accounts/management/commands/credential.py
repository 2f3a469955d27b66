from __future__ import annotations

from argparse import ArgumentParser

from accounts.commandline import arguments
from accounts.commandline.commands import ApiCommand, add_secret


class Command(ApiCommand):
    help = "Long-lived keys of applications."
    noun = "credential"
    columns = ("id", "name", "prefix", "status", "project_name", "expires_at", "last_used_at")

    def add_actions(self) -> None:
        find = self.add_action("list", self.find, "all keys, newest first")
        find.add_argument("--search", metavar="TEXT", help="part of a name, or how a key begins")
        find.add_argument("--project-id", metavar="ID", help="of this project; its name will do")
        self.add_action_on_one("get", self.get, "one key")
        create = self.add_action("create", self.create, "a new key, shown once")
        create.add_argument("--name", required=True)
        add_secret(create, "--key", name="key", what="a key of your own; generated without it")
        _add_fields(create)
        update = self.add_action_on_one("update", self.update, "change what is named")
        update.add_argument("--name")
        update.add_argument("--is-enabled", type=arguments.switch, metavar="true|false")
        _add_fields(update)
        self.add_rotation()
        self.add_action_on_one("delete", self.delete, "delete it; its records stay")


def _add_fields(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--project-id", type=arguments.optional, metavar="ID", help="or its name; none: no project"
    )
    parser.add_argument("--allowed-models", nargs="*", metavar="PATTERN", help="none at all: every model")
    parser.add_argument(
        "--expires-at", type=arguments.optional, metavar="TIME", help="ISO 8601; none is never"
    )
    arguments.add_log_policy(parser)
    arguments.add_limits(parser)
