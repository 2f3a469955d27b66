"""Reads the environment once, by the table in `variables`, and refuses bad values in words."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from accounts import policies
from accounts.tokens import durations
from relay.environment.variable import Variable
from relay.environment.variables import TABLE

FALSE_STRINGS = ("false", "off", "n", "no", "0")


class Refused(ValueError):
    """What is wrong with a value, in words that follow its name. Never contains the value of a secret."""


class Values(dict[str, Any]):
    """By name, defaults filled in; `given` are the names that somebody set."""

    given: frozenset[str] = frozenset()


def load(base_dir: Path) -> Values:
    """The process's own variables win over those of the .env file."""
    env_file = base_dir / os.environ.get("ENV_FILE", ".env")
    if env_file.is_file():
        environ.Env.read_env(env_file)
    return read(TABLE.values(), os.environ, base_dir)


def read(variables: Iterable[Variable], given: Mapping[str, str], base_dir: Path) -> Values:
    values = Values()
    refusals: list[str] = []
    for variable in variables:
        try:
            name, text = _text(variable, given, base_dir)
            values[variable.name] = _cast(variable, name, text, base_dir)
            values.given |= {variable.name} if text else set()
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise ImproperlyConfigured("\n".join(refusals))
    return values


def _cast(variable: Variable, name: str, text: str, base_dir: Path) -> Any:
    if text == "":
        return _path(variable.default, base_dir) if variable.kind == "path" else variable.default
    try:
        value: Any = base_dir / text if variable.kind == "path" else CASTS[variable.kind](text)
    except Refused as refusal:
        raise Refused(f"{name} {refusal}") from None
    if variable.choices and value not in variable.choices:
        raise Refused(f"{name} is {text!r}, but must be one of {', '.join(variable.choices)}.")
    if variable.minimum is not None and value < variable.minimum:
        raise Refused(f"{name} is {text}, but must be at least {variable.minimum:g}.")
    if variable.maximum is not None and value > variable.maximum:
        raise Refused(f"{name} is {text}, but must be at most {variable.maximum:g}.")
    return value


def _path(text: str, base_dir: Path) -> Path | None:
    return base_dir / text if text else None


def _text(variable: Variable, given: Mapping[str, str], base_dir: Path) -> tuple[str, str]:
    """The one value given under any of the names, and the name it came under; an empty one counts as none."""
    found: dict[str, str] = {}
    for name in (variable.name, *variable.aliases):
        if given.get(name, "").strip():
            found[name] = given[name].strip()
        if variable.is_secret and given.get(f"{name}_FILE"):
            found[f"{name}_FILE"] = _file_text(f"{name}_FILE", base_dir / given[f"{name}_FILE"])
    if len(set(found.values())) > 1:
        raise Refused(f"{' and '.join(found)} say different things; set only one of them.")
    return next(iter(found.items()), (variable.name, ""))


def _file_text(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Refused(f"{name} names {path}, which cannot be read: {reason}.") from None
    if not text:
        raise Refused(f"{name} names {path}, which is empty.")
    return text


def _boolean(text: str) -> bool:
    if text.lower() in environ.Env.BOOLEAN_TRUE_STRINGS:
        return True
    if text.lower() in FALSE_STRINGS:
        return False
    raise Refused(f"is {text!r}, but must be true or false.")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refused(f"is {text!r}, but must be a whole number.") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise Refused(f"is {text!r}, but must be a number of seconds.") from None
    if not 0 < seconds < float("inf"):
        raise Refused(f"is {text}, but must be more than 0 seconds.")
    return seconds


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise Refused(f"is {text!r}, but must be a number.") from None
    if not isfinite(number):
        raise Refused(f"is {text!r}, but must be a finite number.")
    return number


def existing(folder: Path | None, name: str) -> Path | None:
    """What need not be there."""
    return folder / name if folder and (folder / name).is_file() else None


def lifetime(text: str) -> timedelta | None:
    """None is never."""
    return None if text == "never" else durations.parse(text)


def _lifetime(text: str) -> str:
    text = f"{text}d" if text.isdecimal() else text.lower()
    try:
        is_none = lifetime(text) == timedelta(0)
    except ValueError as error:
        raise Refused(str(error)) from None
    if is_none:
        raise Refused("is 0: a token would be dead at birth. Write never for one without an end.")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"is {text!r}, but must be an address such as https://example.com.")
    return text


def _list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _origins(text: str) -> tuple[str, ...]:
    if refusal := policies.refusal_of_origins(list(_list(text))):
        raise Refused(f"is wrong: {refusal}")
    return _list(text)


def _networks(text: str) -> tuple[str, ...]:
    for item in _list(text):
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError:
            raise Refused(f"contains {item!r}, which is neither an address nor a network.") from None
    return _list(text)


CASTS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "secret": str,
    "choice": str.lower,
    "secrets": _list,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "seconds": _seconds,
    "lifetime": _lifetime,
    "url": _url,
    "list": _list,
    "networks": _networks,
    "origins": _origins,
}
