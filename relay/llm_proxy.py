"""`llm-proxy`, the program of an earlier system: its words and flags, and behind them those of manage.py."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from relay.processes import lifeline

PROGRAM = "llm-proxy"
MANAGED = ("project", "token", "credential", "cache")
MIGRATE = {"up": ["migrate"], "status": ["showmigrations", "--plan"]}
# Flags that the earlier program took before the noun as well as after the verb.
GLOBAL_FLAGS = ("--manage-api-base-url", "--api-base-url", "--management-token")


def main(arguments: Sequence[str] | None = None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relay.settings")
    lifeline.hold()
    given = list(sys.argv[1:] if arguments is None else arguments)
    match given:
        case ["manage", *rest]:
            command = [f"{PROGRAM} manage", *_managed(rest)]
        case ["dispatcher", *_]:
            command = [PROGRAM, *given]
        case _:
            command = _other(given)
    try:
        execute_from_command_line(command)
    except ImproperlyConfigured as error:
        sys.exit(f"Not started. {error}")


def _other(given: list[str]) -> list[str]:
    options = _parser().parse_args(given)
    _set_variables(options)
    words = ["serve"] if options.word == "server" else MIGRATE[options.step]
    return [PROGRAM, *words]


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, description="The relay under the name of an earlier system.")
    words = parser.add_subparsers(dest="word", required=True, metavar="server|migrate|manage|dispatcher")
    server = words.add_parser("server", help="start the relay (manage.py serve)")
    server.add_argument("--addr", metavar="HOST:PORT", help="address to listen on")
    server.add_argument("--log-level", choices=("debug", "info", "warning", "error"))
    server.add_argument("--file-event-log", metavar="FILE", help="append every event to it")
    migrate = words.add_parser("migrate", help="prepare the database, or list what is to be done")
    migrate.add_argument("step", choices=MIGRATE)
    for each in (server, migrate):
        each.add_argument("--db", metavar="FILE", help="SQLite file")
        each.add_argument("--env", metavar="FILE", help="file of variables, instead of .env")
    words.add_parser("dispatcher", help="deliver events to a service (manage.py dispatch)")
    words.add_parser(
        "manage", help="manage project|token|credential|cache ACTION: as the commands of manage.py"
    )
    return parser


def _set_variables(options: Namespace) -> None:
    """A flag wins over the variables. Files are named from where the caller is, as in a shell."""
    db, env, events = options.db, options.env, getattr(options, "file_event_log", None)
    if env and not os.path.isfile(env):
        sys.exit(f"There is no file {env}.")
    chosen = {
        "ENV_FILE": env and os.path.abspath(env),
        "DATABASE_PATH": db and os.path.abspath(db),
        "LISTEN_ADDR": getattr(options, "addr", None),
        "LOG_LEVEL": getattr(options, "log_level", None),
        "FILE_EVENT_LOG": events and os.path.abspath(events),
    }
    os.environ.update({name: value for name, value in chosen.items() if value})
    if db:
        os.environ["DATABASE_URL"] = ""  # it would win


def _managed(given: list[str]) -> list[str]:
    """Flags in front of the noun go behind the verb, where manage.py takes them."""
    flags: list[str] = []
    rest = list(given)
    while rest and rest[0].startswith("-") and rest[0] not in ("-h", "--help"):
        has_value = rest[0] in GLOBAL_FLAGS
        flags += rest[: 1 + has_value]
        rest = rest[1 + has_value :]
    if rest[:1] and rest[0] in MANAGED:
        return [*rest, *flags]
    _refuse(rest)
    return []


def _refuse(rest: list[str]) -> None:
    asked = f"There is no {rest[0]!r} here. " if rest and not rest[0].startswith("-") else ""
    usage = f"usage: {PROGRAM} manage {{{','.join(MANAGED)}}} ACTION ..."
    print(f"{usage}\n{asked}`{PROGRAM} manage project --help` lists the actions of one.", file=sys.stderr)
    sys.exit(0 if rest[:1] in (["-h"], ["--help"]) else 2)


if __name__ == "__main__":
    main()
