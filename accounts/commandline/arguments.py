"""Values on the command lines of `project`, `token` and `credential`, refused in words."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from accounts import loglevels

SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NONE = "none"
LIMITS = {
    "--rate-limit": "calls in a second",
    "--rate-limit-per-minute": "calls in a minute",
    "--tokens-per-minute": "tokens in a minute",
    "--max-concurrent-streams": "streams at once",
}


def switch(text: str) -> bool:
    if text.lower() not in SWITCH:
        raise ArgumentTypeError(f"{text!r} is neither true nor false")
    return SWITCH[text.lower()]


def inherited_switch(text: str) -> bool | None:
    """None is as the project's or the settings' word."""
    return None if text.lower() == NONE else switch(text)


def number(text: str) -> int | None:
    """None takes a limit away."""
    if text.lower() == NONE:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is neither a whole number nor {NONE}")
    return int(text)


def optional(text: str) -> str | None:
    return None if text.lower() == NONE else text


def json_file(name: str) -> Any:
    """What the file holds; `-` is standard input."""
    try:
        return json.loads(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentTypeError(f"{name} cannot be read: {error.strerror}") from None
    except ValueError as error:  # of JSON, or of UTF-8
        raise ArgumentTypeError(f"{name} is not JSON: {error}") from None


def level(text: str) -> str | None:
    if text.lower() == NONE:
        return None
    if text.lower() not in loglevels.LEVELS:
        raise ArgumentTypeError(f"{text!r} is none of {', '.join((*loglevels.LEVELS, NONE))}")
    return text.lower()


def add_log_policy(parser: ArgumentParser) -> None:
    """Of a key: a project always says how much is recorded."""
    parser.add_argument(
        "--log-policy",
        type=level,
        metavar="|".join(loglevels.LEVELS),
        help=f"how much is recorded, never more than of its project; {NONE}: like its project",
    )


def add_limits(parser: ArgumentParser) -> None:
    for flag, what in LIMITS.items():
        parser.add_argument(flag, type=number, metavar="N", help=f"{what}; 0 blocks, {NONE} is unlimited")
