from __future__ import annotations

from argparse import ArgumentParser

from accounts import loglevels
from accounts.commandline import arguments
from accounts.commandline.calling import Gateway
from accounts.commandline.commands import ApiCommand, Row, add_secret


class Command(ApiCommand):
    help = "Projects: groups of keys with their own provider key, limits and policy."
    noun = "project"
    columns = ("id", "name", "is_active", "api_key_preview", "created_at")
    identified = "the id, or the name"

    def add_actions(self) -> None:
        find = self.add_action("list", self.find, "all projects, newest first")
        find.add_argument("--search", metavar="TEXT", help="part of the name")
        self.add_action_on_one("get", self.get, "one project")
        create = self.add_action("create", self.create, "a new project")
        create.add_argument("--name", required=True)
        _add_fields(create)
        update = self.add_action_on_one("update", self.update, "change what is named")
        update.add_argument("--name")
        update.add_argument("--is-active", type=arguments.switch, metavar="true|false")
        _add_fields(update)
        self.add_action_on_one("revoke-tokens", self.revoke_tokens, "end all its tokens now")
        self.add_action_on_one("delete", self.delete, "delete it and revoke its tokens; its records stay")

    def revoke_tokens(self, gateway: Gateway, options: Row) -> None:
        self.show(gateway.call("POST", f"{self.path(options)}/tokens/revoke"), options)


def _add_fields(parser: ArgumentParser) -> None:
    add_secret(
        parser, "--openai-key", "--api-key", name="api_key", what="the project's own key at its provider"
    )
    parser.add_argument("--provider-key", metavar="NAME", help="the provider that this key belongs to")
    parser.add_argument("--allow-shared-providers", type=arguments.switch, metavar="true|false")
    parser.add_argument("--allowed-models", nargs="*", metavar="PATTERN", help="none at all: every model")
    parser.add_argument(
        "--policy-file", dest="policy", type=arguments.json_file, metavar="FILE", help="JSON; - is stdin"
    )
    parser.add_argument(
        "--cache-policy-file",
        dest="cache_policy",
        type=arguments.json_file,
        metavar="FILE",
        help="JSON: which answers are kept; - is stdin",
    )
    parser.add_argument("--log-policy", choices=loglevels.LEVELS)
    parser.add_argument(
        "--redact-logs",
        type=arguments.inherited_switch,
        metavar="true|false",
        help="replace personal data in its records; none: as in the settings of records",
    )
    for part, what in (("payload", "what was said"), ("metadata", "its records at all")):
        parser.add_argument(
            f"--{part}-days",
            type=arguments.number,
            metavar="N",
            help=f"keep {what} for so long; none: as in the settings of records",
        )
    arguments.add_limits(parser)
