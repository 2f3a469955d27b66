"""Changes of a request on a command line."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from typing import Any

from proxy.replay.changes import Changes

_WORDS = ("model", "provider", "system")


def add_changes(parser: ArgumentParser) -> None:
    parser.add_argument("--model", metavar="X", help="ask this model")
    parser.add_argument("--provider", metavar="P", help="let only this provider answer")
    parser.add_argument("--system", metavar="TEXT", help="with this system prompt")
    parser.add_argument(
        "--set", action="append", default=[], type=member, metavar="NAME=VALUE",
        help="a member of the request: temperature=0, stream=false; JSON, or else a text",
    )  # fmt: skip
    parser.add_argument("--drop", action="append", default=[], metavar="NAME", help="leave this member out")


def changes_of(options: dict[str, Any]) -> Changes:
    words = {name: options[name] for name in _WORDS}
    return Changes(**words, set=dict(options["set"]), drop=tuple(options["drop"]))


def changes_in(members: Iterable[tuple[str, Any]]) -> Changes:
    """`model`, `provider`, `system` and `drop` are what they are above, any other name is set."""
    given = list(members)
    words = {name: str(value) for name, value in given if name in _WORDS}
    drop = tuple(str(value) for name, value in given if name == "drop")
    return Changes(
        **words, set={name: value for name, value in given if name not in (*_WORDS, "drop")}, drop=drop
    )


def member(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
