from __future__ import annotations

from accounts.commandline import arguments
from accounts.commandline.calling import Gateway
from accounts.commandline.commands import ApiCommand, Row


class Command(ApiCommand):
    help = "Withering tokens: keys of a project that end by time, by revocation, or by use."
    noun = "token"
    columns = ("id", "prefix", "project_id", "status", "expires_at", "request_count", "max_requests")

    def add_actions(self) -> None:
        self._add_generate()
        find = self.add_action("list", self.find, "all tokens, newest first")
        find.add_argument("--project-id", metavar="ID")
        find.add_argument("--search", metavar="TEXT", help="part of a name, of a prefix, or an id")
        self.add_action_on_one("get", self.get, "one token")
        self.add_rotation()
        self.add_action_on_one("revoke", self.revoke, "end it now")

    def _add_generate(self) -> None:
        generate = self.add_action("generate", self.create, "a new token, shown once")
        generate.add_argument("--project-id", required=True, metavar="ID")
        generate.add_argument("--name", help="a note of what it is for")
        life = generate.add_mutually_exclusive_group()
        life.add_argument("--duration", dest="duration_hours", type=int, metavar="HOURS")
        life.add_argument("--duration-minutes", type=int, metavar="MINUTES")
        life.add_argument(
            "--expires-at", type=arguments.optional, metavar="TIME", help="ISO 8601; none is never"
        )
        generate.add_argument("--max-requests", type=arguments.number, metavar="N", help="good for N calls")
        arguments.add_log_policy(generate)
        arguments.add_limits(generate)

    def revoke(self, gateway: Gateway, options: Row) -> None:
        """Says which one: a secret that was pasted tells nobody."""
        row = gateway.call("GET", self.path(options))
        gateway.call("DELETE", self.path(options))
        name = f"{row['name']}, {row['prefix']}" if row["name"] else row["prefix"]
        self.say(f"The token {name} is revoked.", options)
