from __future__ import annotations

from accounts.commandline.calling import Gateway
from accounts.commandline.commands import ApiCommand, Row

CRITERIA = {
    "--method": "of the calls that were answered",
    "--url": "a path or a whole address: the answers to calls of it",
    "--prefix": "how the path begins, such as /v1/chat",
    "--model": "as it was asked for",
    "--project": "the id of a project, or its name",
    "--provider": "the key of the one that gave the answer",
    "--tag": "of the call that was stored",
}


class Command(ApiCommand):
    help = "Stored answers of providers: how many there are, and which are to go."
    noun = "cache"
    columns = ()

    def add_actions(self) -> None:
        self.add_action("stats", self.stats, "how full it is, and how often it helped")
        purge = self.add_action("purge", self.purge, "delete stored answers in all workers")
        for flag, what in CRITERIA.items():
            purge.add_argument(flag, metavar=flag[2:].upper(), help=what)
        purge.add_argument("--all", action="store_true", help="everything")

    def stats(self, gateway: Gateway, options: Row) -> None:
        self.show(gateway.call("GET", "/manage/cache"), options)

    def purge(self, gateway: Gateway, options: Row) -> None:
        named = {flag[2:]: options[flag[2:]] for flag in CRITERIA if flag[2:] in options}
        if options.get("all"):
            named["all"] = True
        self.show(gateway.call("POST", "/manage/cache/purge", json=named), options)
