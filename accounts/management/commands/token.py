from __future__ import annotations

from argparse import ArgumentParser

from accounts.commandline import arguments
from accounts.commandline.calling import Gateway
from accounts.commandline.commands import ApiCommand, Row


class Command(ApiCommand):
    help = "Withering tokens: keys of a project that end by time, by revocation, or by use."
    noun = "token"
    columns = (
        "id", "name", "prefix", "project_name", "status", "expires_at", "request_count", "max_requests",
    )  # fmt: skip

    def add_actions(self) -> None:
        generate = self.add_action("generate", self.create, "a new token, shown once")
        generate.add_argument("--project-id", required=True, metavar="ID", help="or its name")
        _add_fields(generate)
        find = self.add_action("list", self.find, "all tokens, newest first")
        find.add_argument("--project-id", metavar="ID", help="of this project; its name will do")
        find.add_argument("--search", metavar="TEXT", help="part of a name, how a token begins, or an id")
        self.add_action_on_one("get", self.get, "one token")
        update = self.add_action_on_one("update", self.update, "change what is named")
        update.add_argument(
            "--is-active", type=arguments.switch, metavar="true|false", help="true gives a revoked one back"
        )
        _add_fields(update)
        self.add_rotation()
        self.add_action_on_one("revoke", self.revoke, "end it now")

    def revoke(self, gateway: Gateway, options: Row) -> None:
        """Says which one: a secret that was pasted tells nobody."""
        row = gateway.call("GET", self.path(options))
        gateway.call("DELETE", self.path(options))
        name = f"{row['name']}, {row['prefix']}" if row["name"] else row["prefix"]
        self.say(f"The token {name} is revoked.", options)


def _add_fields(parser: ArgumentParser) -> None:
    parser.add_argument("--name", help="a note of what it is for")
    life = parser.add_mutually_exclusive_group()
    life.add_argument("--duration", dest="duration_hours", type=int, metavar="HOURS", help="from now")
    life.add_argument("--duration-minutes", type=int, metavar="MINUTES", help="from now")
    life.add_argument("--expires-at", type=arguments.optional, metavar="TIME", help="ISO 8601; none is never")
    parser.add_argument(
        "--max-requests", type=arguments.number, metavar="N",
        help="good for N calls in all, counted from when it is set",
    )  # fmt: skip
    arguments.add_log_policy(parser)
    arguments.add_limits(parser)
